//! Every route, called by every kind of actor, against the table in `routes.txt`.
//!
//! Each call is a valid one on the seeded database, so that its status speaks of who may do what. A
//! call that is refused changes nothing, and what a call changed is put back before the next one. To
//! write the table anew: `NEXUS_WRITE_ROUTES=1 cargo test -p nexus --test http`, and read the diff.

mod actors;
mod apps;
pub mod call;
pub mod functions;
mod identities;
mod keys;
pub mod pages;
pub mod rest;
mod text;
mod workload;

use crate::world::World;
use actors::ACTORS;
use call::Call;
use std::collections::BTreeSet;
use text::Section;

/// A part of the table: its title, its calls, and the routes that the program says it has.
struct Part {
    title: &'static str,
    calls: fn() -> Vec<Call>,
    routes: fn() -> Vec<String>,
}

const PARTS: [Part; 3] = [
    Part { title: "The APIs", calls: rest::calls, routes: rest::routes },
    Part { title: "Server functions", calls: functions::calls, routes: functions::routes },
    Part { title: "Pages and other addresses", calls: pages::calls, routes: pages::routes },
];

#[test]
fn every_route_answers_every_actor_as_the_table_says() {
    let threads = PARTS.map(|part| std::thread::spawn(move || measured(&part)));
    let (mut sections, mut broken) = (Vec::new(), Vec::new());
    for thread in threads {
        let (section, unsafe_calls) = thread.join().expect("a part of the table");
        sections.push(section);
        broken.extend(unsafe_calls);
    }
    text::compare_or_write(&sections);
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    for part in PARTS {
        let routes: BTreeSet<String> = (part.routes)().into_iter().collect();
        let rows: BTreeSet<String> = (part.calls)().into_iter().map(|call| call.route).collect();
        let without_row: Vec<_> = routes.difference(&rows).collect();
        let without_route: Vec<_> = rows.difference(&routes).collect();
        assert!(
            without_row.is_empty() && without_route.is_empty(),
            "{}: routes without a row {without_row:?}, rows without a route {without_route:?}",
            part.title
        );
    }
}

/// The statuses of a part, and the calls that changed something though they may not.
fn measured(part: &Part) -> (Section, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (world, calls) = (World::new().await, (part.calls)());
        let mut section = Section { title: part.title, rows: Vec::new() };
        let mut broken = Vec::new();
        let before = world.fingerprint().await;
        for call in calls {
            let mut statuses = Vec::new();
            for (actor, credential) in ACTORS {
                let reply = call.ask(&world).with(credential(world.keys)).await;
                world.nexus.settled().await;
                if world.fingerprint().await != before {
                    world.put_back().await;
                    assert_eq!(world.fingerprint().await, before, "put back");
                    if call.route.starts_with("GET") || !reply.status.is_success() {
                        broken.push(format!(
                            "{} by {actor} ({}) changed something",
                            call.name(),
                            reply.status
                        ));
                    }
                }
                statuses.push(reply.status.as_u16());
            }
            section.rows.push((call.name(), statuses));
        }
        (section, broken)
    })
}
