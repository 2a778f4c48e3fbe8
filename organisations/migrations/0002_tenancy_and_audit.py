from django.db import migrations

from common.migration_operations import same_organisation

AUDIT_IS_APPEND_ONLY = """
CREATE FUNCTION organisations_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON organisations_auditentry
    FOR EACH ROW EXECUTE FUNCTION organisations_audit_is_append_only();
"""
AUDIT_REVERSE = """
DROP TRIGGER audit_is_append_only ON organisations_auditentry;
DROP FUNCTION organisations_audit_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_initial")]
    operations = [
        same_organisation("organisations_patient", "shop_id", "organisations_shop"),
        same_organisation("organisations_apikey", "shop_id", "organisations_shop"),
        migrations.RunSQL(AUDIT_IS_APPEND_ONLY, AUDIT_REVERSE),
    ]
