//! Requests per second of the warm path, by wrk, in turns with the bare route: what a machine gives
//! changes from minute to minute, and the ratio of neighbouring runs much less.

use std::{net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use super::{
    baseline::Baseline,
    instance::Server,
    page::{Figure, Value},
    web::Web,
};
use crate::process;

/// Times that both are measured.
const ROUNDS: usize = 5;
const THREADS: &str = "2";
const CONNECTIONS: &str = "64";
const WARM_UP: &str = "2s";
const DURATION: &str = "5s";

/// The share of the bare route's requests that the program has to reach.
const SYNC_SHARE: f64 = 0.5;
const NOT_MODIFIED_SHARE: f64 = 0.7;

/// The request, and the answer that the program gives to it.
pub struct Probe {
    key: String,
    etag: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Probe {
    /// # Errors
    /// When the program does not answer as it should.
    pub fn new(server: &Server, key: &str) -> Result<Self> {
        let mut web = Web::connect(server.address)?.with("authorization", &format!("Bearer {key}"));
        let answer = web.get("/v1/sync")?;
        let body = answer.json()?;
        let secrets =
            body.get("secrets").and_then(serde_json::Value::as_object).map_or(0, serde_json::Map::len);
        ensure!(secrets == super::SYNCED, "the snapshot has {secrets} secrets");
        let etag = answer.header("etag").context("a snapshot without an ETag")?.to_owned();
        // These a server writes by itself.
        let headers = answer
            .headers
            .iter()
            .filter(|(name, _)| !["date", "content-length", "connection"].contains(&name.as_str()));
        Ok(Self { key: key.to_owned(), etag, headers: headers.cloned().collect(), body: answer.body })
    }
}

/// Both answers, compared.
///
/// # Errors
/// When wrk fails, or the server refuses.
pub fn compare(wrk: &Path, probe: &Probe, server: &Server, bare: &Baseline) -> Result<Vec<Figure>> {
    let fresh = Comparison { wrk, probe, conditional: false }.run(server, bare)?;
    let not_modified = Comparison { wrk, probe, conditional: true }.run(server, bare)?;
    let mut figures = Vec::new();
    for (what, rates, share) in
        [("GET /v1/sync, 20 secrets", fresh, SYNC_SHARE), ("the same, 304", not_modified, NOT_MODIFIED_SHARE)]
    {
        figures.push(Figure::of(&format!("{what}: the bare route"), Value::Rate(rates.bare)));
        figures.push(Figure::of(&format!("{what}: Nexus"), Value::Rate(rates.program)));
        let named = format!("{what}: share of the bare route");
        figures.push(Figure::at_least(&named, Value::Share(rates.share), Value::Share(share)));
    }
    Ok(figures)
}

struct Comparison<'a> {
    wrk: &'a Path,
    probe: &'a Probe,
    conditional: bool,
}

/// Medians; the share is that of neighbouring runs.
struct Rates {
    program: f64,
    bare: f64,
    share: f64,
}

impl Comparison<'_> {
    fn run(&self, server: &Server, bare: &Baseline) -> Result<Rates> {
        for address in [bare.server.address, server.address] {
            self.requests_per_second(address, WARM_UP)?;
        }
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let one = self.requests_per_second(bare.server.address, DURATION)?;
            let other = self.requests_per_second(server.address, DURATION)?;
            println!("bench: {one:.0} and {other:.0} requests a second, {:.2}", other / one);
            rounds.push((other, one));
        }
        let median_of = |each: fn(&(f64, f64)) -> f64| median(rounds.iter().map(each).collect());
        Ok(Rates {
            program: median_of(|round| round.0),
            bare: median_of(|round| round.1),
            share: median_of(|round| round.0 / round.1),
        })
    }

    fn requests_per_second(&self, address: SocketAddr, duration: &str) -> Result<f64> {
        let mut command = Command::new(self.wrk);
        command.args(["-t", THREADS, "-c", CONNECTIONS, "-d", duration]);
        command.args(["-H", &format!("Authorization: Bearer {}", self.probe.key)]);
        if self.conditional {
            command.args(["-H", &format!("If-None-Match: {}", self.probe.etag)]);
        }
        let said = process::output(command.arg(format!("http://{address}/v1/sync")))?;
        let strange = ["Non-2xx", "Socket errors"].iter().any(|words| said.contains(words));
        ensure!(!strange, "not every request was answered:\n{said}");
        let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        rate.context("wrk printed no rate")?.trim().parse().context("wrk printed a strange rate")
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 50)
}

/// The value that so many percent do not exceed.
pub fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{median, percentile};

    #[test]
    fn the_middle_and_the_slow_end() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        let mut hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&mut hundred, 95), 95.0);
    }
}
