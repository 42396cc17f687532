//! Icons: one set, drawn for a grid of 16 pixels, inline, in the colour of the text. They are
//! decoration; whatever carries one has a name of its own.

use leptos::prelude::*;

macro_rules! glyphs {
    ($($name:ident = $path:literal,)+) => {
        /// An icon of the set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Glyph { $($name,)+ }

        impl Glyph {
            const fn path(self) -> &'static str { match self { $(Self::$name => $path,)+ } }
        }
    };
}

glyphs! {
    Alert = "M8 2 1.5 13.5h13zM8 6.5v3M8 11.6v.1",
    Arrow = "M3 8h10M9 4l4 4-4 4",
    Back = "M13 8H3M7 4 3 8l4 4",
    Book = "M8 4C6.5 2.8 4.5 2.5 2 2.5v10c2.5 0 4.5.3 6 1.5 1.5-1.2 3.5-1.5 6-1.5v-10c-2.5 0-4.5.3-6 1.5zM8 4v10",
    Box = "m8 1.5 6 3v7l-6 3-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7",
    Check = "m3 8.5 3.5 3.5L13 5",
    Chevron = "m4.5 6.5 3.5 3.5 3.5-3.5",
    Clock = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.2l2 1.3",
    Close = "m4 4 8 8M12 4l-8 8",
    Copy = "M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1",
    Dice = "M3 3h10v10H3zM5.9 5.9h.1M10.1 5.9h.1M8 8h.1M5.9 10.1h.1M10.1 10.1h.1",
    Diff = "M8 2v7M4.5 5.5h7M4.5 13.5h7",
    Down = "M8 3v9.5M4 8.5l4 4 4-4",
    Download = "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
    Eye = "M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
    EyeOff = "M3 3l10 10M6.5 6.6a2 2 0 0 0 2.9 2.9M4.2 4.7C2.2 6 1 8 1 8s2.5 4.5 7 4.5c1.3 0 2.5-.4 3.5-.9M7 3.6l1-.1c4.5 0 7 4.5 7 4.5s-.6 1-1.7 2.2",
    File = "M4 1.5h5l3.5 3.5v9.5h-8.5zM9 1.5v3.5h3.5",
    Flag = "M4 14V2.5M4 3h8.5l-2 3 2 3H4",
    Folder = "M1.5 13V3h4.5l1.5 2h7v8z",
    Gear = "M2 4.5h7M12.5 4.5H14M2 11.5h1.5M7 11.5h7M10.7 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4zM5.3 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z",
    Help = "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.3c.2-2.3 3.5-2.2 3.5-.1 0 1.3-1.8 1.4-1.8 2.8M8 11.3v.1",
    History = "M2.5 8a5.5 5.5 0 1 0 1.8-4.1L2.5 5.5M2.5 2.5v3h3M8 5v3.2l2 1.3",
    Key = "M5.2 13.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM7.2 8.9 13.5 2.5M10.5 5.5l2.3 2.3",
    Laptop = "M3 3.5h10v7H3zM1 13h14",
    Link = "M6.7 9.3 9.3 6.7M7.5 4.5 9 3a3 3 0 0 1 4.2 4.2l-1.7 1.6M8.5 11.5 7 13a3 3 0 0 1-4.2-4.2l1.7-1.6",
    List = "M5.5 4H14M5.5 8H14M5.5 12H14M2.2 4h.1M2.2 8h.1M2.2 12h.1",
    Lock = "M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
    Menu = "M2 4h12M2 8h12M2 12h12",
    Moon = "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z",
    Open = "M9.5 2.5h4v4M13.5 2.5 8 8M12 9.5v4H2.5V4h4",
    Pencil = "M2.5 13.5h2.7L13.5 5.2 10.8 2.5 2.5 10.8zM9 4.3l2.7 2.7",
    People = "M6 7.5A2.5 2.5 0 1 0 6 2.5a2.5 2.5 0 0 0 0 5zM1.5 13.5a4.5 4.5 0 0 1 9 0M10.5 2.8a2.5 2.5 0 0 1 0 4.5M14.5 13.5a4.5 4.5 0 0 0-2.5-4",
    Plus = "M8 3v10M3 8h10",
    Search = "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14",
    Shield = "M8 1.5 2.5 3.5v4c0 3.5 2.3 5.8 5.5 7 3.2-1.2 5.5-3.5 5.5-7v-4zM5.5 8l1.8 1.8L10.7 6.3",
    Spark = "M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M3.4 3.4l2.1 2.1M10.5 10.5l2.1 2.1M12.6 3.4l-2.1 2.1M5.5 10.5l-2.1 2.1",
    Sun = "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
    Swap = "M2.5 5.5h10.5M10 2.5l3 3-3 3M13.5 10.5H3M6 7.5l-3 3 3 3",
    Trash = "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.6 9h6.8l.6-9M6.7 7.2v3.8M9.3 7.2v3.8",
    Umbrella = "M8 1.5V3M1.5 9a6.5 6 0 0 1 13 0zM8 9v4a1.5 1.5 0 0 0 3 0",
    Up = "M8 13V3.5M4 7.5l4-4 4 4",
    Upload = "M8 10.5v-8M4.5 6 8 2.5 11.5 6M2.5 13.5h11",
    User = "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14.5a5.5 5.5 0 0 1 11 0",
    Wifi = "M1.5 6a9.5 9.5 0 0 1 13 0M4 8.8a6 6 0 0 1 8 0M8 12.2v.1M2 2l12 12",
}

/// An icon, 16 pixels wide.
#[component]
pub fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=glyph.path()></path>
        </svg>
    }
    .into_any()
}

/// The mark of the product: three cells that meet in one key.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path class="mark-plate" d="M7 0h10a7 7 0 0 1 7 7v10a7 7 0 0 1-7 7H7a7 7 0 0 1-7-7V7a7 7 0 0 1 7-7z"></path>
            <path class="mark-line" d="M6.8 17.2V6.8l10.4 10.4V6.8"></path>
            <circle class="mark-dot" cx="6.8" cy="17.2" r="2.1"></circle>
            <circle class="mark-dot" cx="17.2" cy="6.8" r="2.1"></circle>
        </svg>
    }
    .into_any()
}
