from django.db import migrations

from common.migration_operations import same_organisation


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("organisations", "0002_tenancy_and_audit")]
    operations = [
        same_organisation(
            "notifications_notificationsubscription", "shop_id", "organisations_shop"
        ),
        same_organisation("notifications_event", "shop_id", "organisations_shop"),
    ]
