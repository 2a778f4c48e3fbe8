from django.db import migrations

from common.migration_operations import same_organisation

# Minutes of the week, Monday 00:00 = 0; a Sunday night window goes on at 0.
NO_OVERLAPS = """
CREATE FUNCTION availability_week_minutes(weekday int, start_minute int, end_minute int)
RETURNS int4multirange LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN weekday * 1440 + end_minute <= 10080
        THEN int4multirange(int4range(weekday * 1440 + start_minute, weekday * 1440 + end_minute))
        ELSE int4multirange(
            int4range(weekday * 1440 + start_minute, 10080),
            int4range(0, weekday * 1440 + end_minute - 10080))
    END
$$;
ALTER TABLE availability_availabilitywindow ADD CONSTRAINT window_overlaps_no_other_of_its_doctor
    EXCLUDE USING gist (
        doctor_id WITH =,
        availability_week_minutes(weekday, start_minute, end_minute) WITH &&,
        daterange(valid_from, valid_until, '[]') WITH &&
    );
"""
REVERSE = """
ALTER TABLE availability_availabilitywindow DROP CONSTRAINT window_overlaps_no_other_of_its_doctor;
DROP FUNCTION availability_week_minutes(int, int, int);
"""

# An override's hours: pairs as a window's, in order, touching at most.
HOURS_ARE_VALID = """
CREATE FUNCTION availability_hours_are_valid(hours smallint[])
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT cardinality(hours) = 0
        OR (array_ndims(hours) = 2 AND array_length(hours, 2) = 2
            AND array_lower(hours, 1) = 1 AND array_lower(hours, 2) = 1
            AND (SELECT bool_and(coalesce(
                    hours[n][1] BETWEEN 0 AND 1439
                    AND hours[n][2] > hours[n][1]
                    AND (hours[n][2] < hours[n][1] + 1440
                        OR (hours[n][1] = 0 AND hours[n][2] = 1440))
                    AND (n = 1 OR hours[n][1] >= hours[n - 1][2]), false))
                FROM generate_series(1, array_length(hours, 1)) AS n))
$$;
ALTER TABLE availability_availabilityoverride ADD CONSTRAINT override_hours_are_valid
    CHECK (availability_hours_are_valid(hours));
"""
HOURS_REVERSE = """
ALTER TABLE availability_availabilityoverride DROP CONSTRAINT override_hours_are_valid;
DROP FUNCTION availability_hours_are_valid(smallint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("availability", "0001_initial"), ("organisations", "0002_tenancy_and_audit")]
    operations = [
        migrations.RunSQL(NO_OVERLAPS, REVERSE),
        migrations.RunSQL(HOURS_ARE_VALID, HOURS_REVERSE),
        *(
            same_organisation(f"availability_{table}", "doctor_id", "organisations_doctor")
            for table in ("availabilitywindow", "availabilityoverride", "timeoff", "bookingstop")
        ),
    ]
