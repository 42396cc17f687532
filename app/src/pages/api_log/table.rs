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
                <colgroup><col/><col/><col/><col/><col/><col/><col/></colgroup>
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
    let took = millis(row.total_micros.checked_div(row.count).unwrap_or(0));
    let most = (row.count > 1).then(|| format!("On average; at most {}", millis(row.greatest_micros)));
    let request = format!("{} {}", row.method, row.route);
    let environment = Some(row.environment).filter(|environment| !environment.is_empty());
    view! {
        <tr data-row>
            <td data-label="When" class="muted"><Ago at=row.last_at now/></td>
            <td data-label="Key or session" class="wrap">
                <span class="mono">{row.actor}</span>
                {refused.then(|| view! { <Badge text="REFUSED" tone=Tone::Red/> })}
                {environment.map(|environment| view! { <span class="faint">{environment}</span> })}
            </td>
            <td data-label="Request"><code class="request-route" title=request.clone()>{request.clone()}</code></td>
            <td data-label="Answer"><Badge text=row.status.to_string() tone/></td>
            <td data-label="From" class="muted mono">{row.ip}</td>
            <td data-label="Times">{number(row.count)}</td>
            <td data-label="Took" class="muted"><span title=most>{took}</span></td>
        </tr>
    }
    .into_any()
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
    fn how_long_it_took_is_said_in_whole_milliseconds() {
        assert_eq!(millis(0), "under 1 ms");
        assert_eq!(millis(3_400), "3 ms");
        assert_eq!(millis(1_234_000), "1,234 ms");
    }
}
