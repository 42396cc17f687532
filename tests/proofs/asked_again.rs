//! A request with an `Idempotency-Key` whose server is killed at any moment: sent again to the next server
//! it is answered, and was carried out once.

use crate::client::{Client, Cut, Request};
use crate::database::Engine;
use crate::instance::{Instance, report};
use crate::random::Random;
use crate::share;
use serde_json::json;
use std::time::Duration;

const ROUNDS: usize = 40;
/// Shorter than the request takes; every other kill comes up to eight times as late.
const MICROS: usize = 50_000;

#[test]
fn a_request_that_a_kill_cut_off_is_carried_out_once() {
    let instance = Instance::new(Engine::Sqlite, "asked again").expect("SQLite is always there");
    let (mut random, mut carried_out) = (Random::new(14), 0);
    for round in 0..share(ROUNDS) {
        let name = format!("p{round}");
        let new = json!({ "name": name, "slug": name });
        let request = Request::post("/api/v1/projects", &instance.admin, &new).once(&name);
        let server = instance.start();
        let wait = Duration::from_micros((random.below(MICROS) << (3 * (round % 2))) as u64);
        Client::new(server.address).send_cut(&request, Cut::Sent(wait));
        server.kill();

        let server = instance.start();
        let mut client = Client::new(server.address);
        let path = format!("/api/v1/projects/{name}");
        carried_out += usize::from(client.ask(&Request::get(&path, &instance.admin)).status == 200);
        let answer = client.ask(&request);
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.good()["slug"], name.as_str());
        assert_eq!(client.ask(&request).text, answer.text);
        server.kill();
    }
    let server = instance.start();
    let projects = Client::new(server.address).ask(&Request::get("/api/v1/projects", &instance.admin)).good();
    assert_eq!(projects["data"].as_array().map(Vec::len), Some(share(ROUNDS)), "{projects}");
    report("asked again", &format!("{carried_out} of {} were carried out before the kill", share(ROUNDS)));
    instance.is_sound(&server);
}
