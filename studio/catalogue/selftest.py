"""What the self-test says of an installation in which something is missing or does not do as it should."""

SELFTEST: dict[str, str] = {
    "selftest.unknown": "There is no check {name}. There are: {names}.",
    "selftest.needs": "Not tried, as it needs what failed: {names}.",
    "selftest.missing_file": "{file} is missing from this installation. Install Tuning Studio again.",
    "selftest.unusable_file": "{file} cannot be used: {fault}. Install Tuning Studio again.",
    "selftest.damaged_file": "{file} is damaged. Install Tuning Studio again.",
    "selftest.missing_module": "{module} is missing from this installation or cannot be used: {fault}. "
    "Install Tuning Studio again.",
    "selftest.unexpected": "{fault}. Install Tuning Studio again; where that does not help, report it with "
    "the log.",
    "selftest.not_installed": "{name} is not installed.",
    "selftest.no_metadata": "Files are missing from this installation: nothing says which version of {names} "
    "it holds. Install Tuning Studio again.",
    "selftest.macos_behind": "MLX as it is installed for macOS 26 is built for macOS 26.2, and this is "
    "{macos}: update macOS before you train here.",
    "selftest.wheel_ahead": "MLX is installed for macOS {wheel}, and this is {macos}: update macOS, or set "
    "up again on this Mac.",
    "selftest.no_gpu": "MLX finds no GPU here and computes on the processor, which is slow.",
    "selftest.wrong_products": "Products of matrices are off by {share:.1%}. What is trained on this machine "
    "cannot be trusted.",
    "selftest.no_kernels": "mlx.metallib is missing beside {library}, so that MLX has nothing to compute "
    "with. Install Tuning Studio again.",
    "selftest.silent": "Nothing was heard for {seconds:.0f} seconds.",
    "selftest.child_ended": "Its process ended before it had answered (exit code {exit}): {words}",
    "selftest.no_words": "it said nothing.",
    "selftest.engine": "{reason} Where a part of the app is what is missing, install Tuning Studio again.",
    "selftest.no_language": "The check for other languages does not find a row in German among English ones.",
    "selftest.lost_rows": "Of {written} rows that were written {read} came back.",
    "selftest.lost_text": "{file} was opened, but its text was not found in it.",
    "selftest.apart": "A chat template writes something else in a process of its own.",
    "selftest.no_icons": "These icons are missing from resources/icons or empty: {names}. Install Tuning "
    "Studio again.",
    "selftest.no_marks": "The style sheet's pictures cannot be read: {names}. Install Tuning Studio again.",
    "selftest.no_style": "The style sheet is not in force: the {part} is {found} and should be {wanted}.",
    "selftest.blank": "The {part} pane of the window stays empty.",
    "selftest.no_fonts": "These fonts are missing from resources/fonts: {names}. Install Tuning Studio "
    "again.",
    "selftest.no_plugin": "The window cannot be opened: {fault}",
    "selftest.no_keychain": "The system's keychain cannot be used: keyring found {backend}.",
    "selftest.keychain_absent": "There is no keychain here, so keys come from environment variables.",
    "selftest.not_written": "{file} was not written.",
    "selftest.unlike": "What was read back agrees in {same} of {places} places with what was written.",
    "selftest.server_answers": "The local server answers {status}.",
    "selftest.no_weighing": "{names} could not be weighed up: {reason} If mlx-lm is at fault, install it "
    "again.",
    "selftest.hub": "The Hub's process could not do its work: {reason}",
    "selftest.hub_elsewhere": "The Hub's process asked somebody else than the stand-in on this machine.",
}
