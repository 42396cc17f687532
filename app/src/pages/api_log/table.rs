//! The rows of the API log.

use crate::components::badge::Tone;
use crate::components::icon::Glyph;
use crate::components::time::number;
use crate::components::{Ago, Badge, Empty};
use leptos::prelude::*;
use nexus_domain::Timestamp;
use nexus_domain::request_log::{CallerKind, LoggedRequests};

#[component]
pub fn Rows(rows: Vec<LoggedRequests>, filtered: bool, now: Timestamp) -> impl IntoView {
    if rows.is_empty() {
        let text = if filtered {
            "No request fits this filter, or there is none older."
        } else {
            "No key and no session has asked for anything in the last 30 days."
        };
        return view! { <Empty glyph=Glyph::History title="Nothing here" text/> }.into_any();
    }
    let rows = rows.into_iter().map(|row| view! { <Row row now/> }).collect_view();
    view! {
        <div class="card">
            <table class="table requests">
                <thead><tr>
                    <th scope="col">"When"</th><th scope="col">"Key or session"</th><th scope="col">"Request"</th>
                    <th scope="col">"Answer"</th><th scope="col">"From"</th><th scope="col">"Times"</th>
                    <th scope="col">"Took"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(row: LoggedRequests, now: Timestamp) -> impl IntoView {
    let tone = match row.status {
        500.. => Tone::Red,
        400.. => Tone::Amber,
        _ => Tone::Plain,
    };
    let refused = row.kind == CallerKind::Unknown;
    let took = took(row.count, row.total_micros, row.greatest_micros);
    let environment = Some(row.environment).filter(|environment| !environment.is_empty());
    view! {
        <tr data-row>
            <td data-label="When" class="muted"><Ago at=row.last_at now/></td>
            <td data-label="Key or session" class="wrap">
                <span class="mono">{row.actor}</span>
                {refused.then(|| view! { <Badge text="REFUSED" tone=Tone::Red/> })}
                {environment.map(|environment| view! { <span class="faint">{environment}</span> })}
            </td>
            <td data-label="Request" class="wrap"><code>{row.method}" "{row.route}</code></td>
            <td data-label="Answer"><Badge text=row.status.to_string() tone/></td>
            <td data-label="From" class="muted mono">{row.ip}</td>
            <td data-label="Times">{number(row.count)}</td>
            <td data-label="Took" class="muted">{took}</td>
        </tr>
    }
    .into_any()
}

/// `3 ms`, or `3 ms, at most 41 ms` where there were several.
fn took(count: i64, total: i64, greatest: i64) -> String {
    let mean = millis(total.checked_div(count).unwrap_or(0));
    if count > 1 { format!("{mean}, at most {}", millis(greatest)) } else { mean }
}

fn millis(micros: i64) -> String {
    match micros {
        ..1_000 => "under 1 ms".to_owned(),
        _ => format!("{} ms", number(micros / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_took_is_a_mean_and_the_most() {
        assert_eq!(took(1, 3_400, 3_400), "3 ms");
        assert_eq!(took(2, 1_000, 900), "under 1 ms, at most under 1 ms");
        assert_eq!(took(2, 6_000, 1_234_000), "3 ms, at most 1,234 ms");
        assert_eq!(took(0, 0, 0), "under 1 ms");
    }
}
