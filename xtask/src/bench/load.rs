//! Requests per second, by wrk, of two servers in turns: what a machine gives changes from minute to
//! minute, and the ratio of neighbouring runs much less.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use tempfile::NamedTempFile;

use super::web::{Answer, Web};
use crate::process;

/// Times that both are measured.
const ROUNDS: usize = 5;
const THREADS: &str = "2";
const CONNECTIONS: &str = "64";
const WARM_UP: &str = "2s";
const DURATION: &str = "5s";

/// A request that is sent again and again.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// JSON that is posted; without it the request is a GET.
    pub body: Option<String>,
}

impl Target {
    pub fn get(address: SocketAddr, path: &str, authorization: &str) -> Self {
        let headers = vec![("Authorization".to_owned(), authorization.to_owned())];
        Self { address, path: path.to_owned(), headers, body: None }
    }

    pub fn post(address: SocketAddr, path: &str, authorization: &str, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..Self::get(address, path, authorization) }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends it once.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn answer(&self) -> Result<Answer> {
        let mut web = Web::connect(self.address)?;
        for (name, value) in &self.headers {
            web = web.with(name, value);
        }
        match &self.body {
            Some(body) => web.post(&self.path, "application/json", body),
            None => web.get(&self.path),
        }
    }

    /// How wrk is told to post; it takes that from a script alone.
    fn script(&self) -> Result<Option<NamedTempFile>> {
        let Some(body) = &self.body else { return Ok(None) };
        let file = NamedTempFile::new()?;
        // The text of a Lua string between brackets that JSON does not have.
        let lines = [
            "wrk.method = \"POST\"".to_owned(),
            format!("wrk.body = [====[{body}]====]"),
            "wrk.headers[\"Content-Type\"] = \"application/json\"".to_owned(),
        ];
        fs::write(file.path(), lines.join("\n"))?;
        Ok(Some(file))
    }

    fn requests_per_second(&self, wrk: &Path, duration: &str) -> Result<f64> {
        let script = self.script()?;
        let mut command = Command::new(wrk);
        command.args(["-t", THREADS, "-c", CONNECTIONS, "-d", duration]);
        for (name, value) in &self.headers {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        if let Some(script) = &script {
            command.arg("-s").arg(script.path());
        }
        let said = process::output(command.arg(format!("http://{}{}", self.address, self.path)))?;
        let strange = ["Non-2xx", "Socket errors"].iter().any(|words| said.contains(words));
        ensure!(!strange, "not every request was answered:\n{said}");
        let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        rate.context("wrk printed no rate")?.trim().parse().context("wrk printed a strange rate")
    }
}

/// Medians; the share is that of neighbouring runs.
pub struct Rates {
    pub program: f64,
    pub other: f64,
    pub share: f64,
}

/// Measures both in turns.
///
/// # Errors
/// When wrk fails, or a server refuses.
pub fn compare(wrk: &Path, program: &Target, other: &Target) -> Result<Rates> {
    for target in [other, program] {
        target.requests_per_second(wrk, WARM_UP)?;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let one = other.requests_per_second(wrk, DURATION)?;
        let two = program.requests_per_second(wrk, DURATION)?;
        println!("bench: {one:.0} and {two:.0} requests a second, {:.2}", two / one);
        rounds.push((two, one));
    }
    let median_of = |each: fn(&(f64, f64)) -> f64| median(rounds.iter().map(each).collect());
    Ok(Rates {
        program: median_of(|round| round.0),
        other: median_of(|round| round.1),
        share: median_of(|round| round.0 / round.1),
    })
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
