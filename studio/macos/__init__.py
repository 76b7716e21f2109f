"""What only a Mac's own libraries can do: no sleep and no App Nap during work, notifications.

Everything goes through the few C functions of the Objective-C runtime that `objc` calls.
"""
