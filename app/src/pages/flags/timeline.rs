//! A schedule as a picture: when the flag goes on, when it goes off, and where now is.

use leptos::prelude::*;
use nexus_domain::Timestamp;

const WIDTH: i64 = 560;
/// Room beside the first and the last moment.
const MARGIN: i64 = 84;

/// Where a moment stands, from the left.
fn place(at: Timestamp, first: Timestamp, last: Timestamp) -> i64 {
    let (span, passed) = (i128::from(last.0) - i128::from(first.0), i128::from(at.0) - i128::from(first.0));
    if span <= 0 {
        return WIDTH / 2;
    }
    let room = i128::from(WIDTH - 2 * MARGIN);
    MARGIN + i64::try_from(passed.clamp(0, span) * room / span).unwrap_or(0)
}

/// The picture with its words; nothing where there are no moments.
#[component]
pub fn Timeline(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>, now: Timestamp) -> impl IntoView {
    let moments = [starts_at, ends_at, Some(now)].into_iter().flatten();
    let (Some(first), Some(last)) = (moments.clone().min(), moments.max()) else { return ().into_any() };
    if starts_at.is_none() && ends_at.is_none() {
        return ().into_any();
    }
    let x = |at: Timestamp| place(at, first, last);
    let from = starts_at.map_or(0, x);
    let until = ends_at.map_or(WIDTH, x);
    let mark = |at: Option<Timestamp>, word: &'static str| {
        at.map(|at| {
            view! {
                <circle class="timeline-mark" cx=x(at) cy="30" r="4"></circle>
                <text class="timeline-text" x=x(at) y="52" text-anchor="middle">{word}</text>
                <text class="timeline-text timeline-faint" x=x(at) y="66" text-anchor="middle">{minutes(at)}</text>
            }
        })
    };
    let said = match (starts_at, ends_at) {
        (Some(start), Some(end)) => format!("On from {} until {}", start.exact(), end.exact()),
        (Some(start), None) => format!("On from {}", start.exact()),
        (None, Some(end)) => format!("On until {}", end.exact()),
        (None, None) => String::new(),
    };
    view! {
        <svg class="timeline" viewBox=format!("0 0 {WIDTH} 72") role="img" aria-label=said>
            <line class="timeline-line" x1="0" y1="30" x2=WIDTH y2="30"></line>
            <line class="timeline-on" x1=from y1="30" x2=until.max(from) y2="30"></line>
            {mark(starts_at, "on")}
            {mark(ends_at, "off")}
            <line class="timeline-now" x1=x(now) y1="16" x2=x(now) y2="42"></line>
            <text class="timeline-text timeline-strong" x=x(now) y="11" text-anchor="middle">"now"</text>
        </svg>
    }
    .into_any()
}

/// `25 Nov 2026, 10:00`
fn minutes(at: Timestamp) -> String {
    let text = at.exact();
    text.strip_suffix(":00 UTC").or_else(|| text.strip_suffix(" UTC")).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_stand_in_their_order_and_inside_of_the_picture() {
        let [first, middle, last] = [0, 50, 100].map(Timestamp);
        assert_eq!(place(first, first, last), MARGIN);
        assert_eq!(place(middle, first, last), WIDTH / 2);
        assert_eq!(place(last, first, last), WIDTH - MARGIN);
        assert_eq!(place(first, first, first), WIDTH / 2);
        assert_eq!(place(Timestamp(0), Timestamp(i64::MIN), Timestamp(i64::MAX)), WIDTH / 2);
    }
}
