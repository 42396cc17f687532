//! The console as a browser gets it: how long a page takes, and how much comes over the wire.

use std::{collections::BTreeSet, net::SocketAddr, time::Instant};

use anyhow::{Context, Result, ensure};

use super::{
    instance::{EMAIL, PASSWORD, Server},
    load::{median, percentile},
    page::{Figure, Value},
    web::{Answer, Web},
};

/// Pages that are loaded for one figure, after some that are not counted.
const LOADS: usize = 100;
const WARM_UP: usize = 10;
const PAGE_LIMIT: Value = Value::Milliseconds(50.0);
const WIRE_LIMIT: Value = Value::Bytes(250.0 * 1024.0);

/// Somebody who is signed in.
pub struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    /// # Errors
    /// When signing in fails.
    pub fn sign_in(server: &Server) -> Result<Self> {
        let address = server.address;
        let mut web = Web::connect(address)?
            .with("origin", &format!("http://{address}"))
            .with("sec-fetch-site", "same-origin")
            .with("accept", "application/json");
        let form = format!("email={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
        let answer = web.post("/_fn/sign_in", "application/x-www-form-urlencoded", &form)?;
        let cookie = answer.header("set-cookie").and_then(|value| value.split(';').next());
        let cookie = cookie.context("signing in gave no cookie")?.to_owned();
        Ok(Self { address, cookie })
    }

    fn web(&self) -> Result<Web> {
        Ok(Web::connect(self.address)?
            .with("accept", "text/html")
            .with("accept-encoding", "gzip, deflate, br")
            .with("cookie", &self.cookie))
    }

    /// # Errors
    /// When a page does not come.
    pub fn time_secrets(&mut self, what: &str, service: &str) -> Result<Figure> {
        self.time(what, &secrets_page(service), "SECRET_00000")
    }

    /// # Errors
    /// When a page does not come.
    pub fn time_projects(&mut self) -> Result<Figure> {
        self.time("Projects page, the same database", "/t/acme/projects", "Shop")
    }

    /// One page after the other on one connection, from the request to the last byte.
    fn time(&mut self, what: &str, path: &str, shows: &str) -> Result<Figure> {
        let plain = Web::connect(self.address)?.with("cookie", &self.cookie).get(path)?;
        ensure!(String::from_utf8_lossy(&plain.body).contains(shows), "{path} does not show {shows}");
        let mut web = self.web()?;
        let mut times = Vec::new();
        for n in 0..WARM_UP + LOADS {
            let started = Instant::now();
            let answer = web.get(path)?;
            let time = started.elapsed();
            ensure!(answer.status == 200, "{path} answered {}", answer.status);
            if n >= WARM_UP {
                times.push(time.as_secs_f64() * 1000.0);
            }
        }
        let (middle, slow) = (median(times.clone()), percentile(&mut times, 95));
        let named = format!("{what}: 95 of 100 loads (median {middle:.1} ms)");
        Ok(Figure::at_most(&named, Value::Milliseconds(slow), PAGE_LIMIT))
    }

    /// What a first visit costs: the page and everything that it names, as compressed.
    ///
    /// # Errors
    /// When something does not come.
    pub fn first_pages(&mut self, service: &str) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let secrets = secrets_page(service);
        for (what, path, signed_in) in
            [("sign-in page", "/sign-in", false), ("Secrets page by its address", secrets.as_str(), true)]
        {
            let mut plain = Web::connect(self.address)?.with("accept", "text/html");
            if signed_in {
                plain = plain.with("cookie", &self.cookie);
            }
            let names = assets(&String::from_utf8_lossy(&plain.get(path)?.body));
            ensure!(names.len() >= 4, "{path} names only {names:?}");
            let mut packed = plain.with("accept-encoding", "br");
            let page = wire_size(&packed.get(path)?, path)?;
            let (mut total, mut parts) = (page, format!("html {:.1}", page / 1024.0));
            for name in names {
                let size = wire_size(&packed.get(&name)?, &name)?;
                total += size;
                let kind = name.rsplit('.').next().unwrap_or_default();
                parts.push_str(&format!(", {kind} {:.1}", size / 1024.0));
            }
            let named = format!("{what}, first visit over the wire ({parts})");
            // One comes to a secret through the pages before; only its address alone needs all at once.
            figures.push(if signed_in {
                Figure::of(&named, Value::Bytes(total))
            } else {
                Figure::at_most(&named, Value::Bytes(total), WIRE_LIMIT)
            });
        }
        Ok(figures)
    }
}

fn secrets_page(service: &str) -> String {
    format!("/t/acme/projects/shop/live/{service}/secrets")
}

fn wire_size(answer: &Answer, path: &str) -> Result<f64> {
    ensure!(answer.status == 200, "{path} answered {}", answer.status);
    ensure!(answer.header("content-encoding") == Some("br"), "{path} is not compressed");
    Ok(answer.body.len() as f64)
}

/// The addresses of the files that a page names.
fn assets(html: &str) -> BTreeSet<String> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c));
    html.match_indices("/assets/")
        .filter_map(|(at, _)| html.get(at..))
        .map(|rest| rest.split(ends).next().unwrap_or_default().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::assets;

    #[test]
    fn a_page_names_its_files_once_each() {
        let html = r#"<link href="/assets/a.1.css"><script>import x from "/assets/b.2.js"; "/assets/b.2.js"</script>"#;
        assert_eq!(assets(html).into_iter().collect::<Vec<_>>(), ["/assets/a.1.css", "/assets/b.2.js"]);
    }
}
