"""A small sequencing site to try seqwatch on: files, policy, live traffic and an incident, all in one folder, no root.

This room exists so that every key can be pressed for real without a sequencer. It may know every room below the engine
(it writes what they read) but nothing of the screens, and nothing here runs outside the folder it is given.
"""
