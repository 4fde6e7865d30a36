"""The site's configuration: one YAML file in, frozen values out, or an error that says where, what and what to write.

This room exists so that nothing else has to doubt a setting. It reads the one file it is given; it must not know
users, groups, mounts or the time, nor whether what a setting names exists.
"""
