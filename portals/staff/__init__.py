"""The RxScale team's pages at /staff/: Django's admin, with every act in the organisation's audit log.

No patient data to browse: patients and appointments are not registered, on purpose.
"""
