//! Times: relative in the text, exact on hover. The server says what "now" is, so that both halves
//! draw the same words.

use leptos::prelude::*;
use nexus_domain::Timestamp;

/// How long ago, in words, with the exact time on hover.
#[component]
pub fn Ago(at: Timestamp, now: Timestamp) -> impl IntoView {
    view! { <time class="time" datetime=at.rfc3339() title=at.exact()>{at.relative(now)}</time> }.into_any()
}

/// How long until then, in words, with the exact time on hover.
#[component]
pub fn Until(at: Timestamp, now: Timestamp) -> impl IntoView {
    view! { <time class="time" datetime=at.rfc3339() title=at.exact()>{at.until(now)}</time> }.into_any()
}

/// A number with thousands separators.
pub fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    if count < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 service`, `2 services`.
pub fn count(count: i64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_counts_their_plural() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-100), "-100");
        assert_eq!(count(1, "service"), "1 service");
        assert_eq!(count(2_000, "secret"), "2,000 secrets");
    }
}
