-- Has Finder show the mounted image as icons over its background; icon.py draws the arrow between them.
on run arguments
    set shown to POSIX file (item 1 of arguments) as alias
    tell application "Finder"
        open shown
        set opened to container window of shown
        set current view of opened to icon view
        set toolbar visible of opened to false
        set statusbar visible of opened to false
        set bounds of opened to {200, 120, 860, 520}
        set options to icon view options of opened
        set arrangement of options to not arranged
        set icon size of options to 128
        set background picture of options to file ".background:background.tiff" of shown
        set position of item "Tuning Studio.app" of shown to {165, 180}
        set position of item "Applications" of shown to {495, 180}
        update shown without registering applications
        delay 2
        close opened
    end tell
end run
