//! Input that is wrong, too large, or meant to hurt: over REST, through the console's script, and
//! as forms of a browser without JavaScript.

mod configs;
mod console;
mod flag_forms;
mod forms;
mod imports;
mod promotions;
mod secrets;
mod services;
mod stale;
mod transfers;

/// Keys that no entry may have.
const BAD_KEYS: [&str; 22] = [
    "",
    " ",
    "9LIVES",
    "_HIDDEN",
    "-DASH",
    ".DOT",
    "TRAILING_",
    "TRAILING.",
    "TWO WORDS",
    "A/B",
    "A\\B",
    "../../etc/passwd",
    "A\0B",
    "A\nB",
    "A\tB",
    "\u{feff}BOM",
    "КЛЮЧ",
    "🔑",
    "مفتاح",
    "\u{202e}REVERSED",
    "A\u{200b}B",
    "{{secret:A}}",
];

/// Texts that no value, name or description in one line may hold.
const CONTROL: [&str; 5] = ["a\0b", "a\u{7}b", "\u{1b}[2Jwiped", "a\u{7f}", "a\u{9b}b"];
