//! The parameters of a request, from a query or a form. One that stands there twice is refused in one place,
//! because two readers could take it for different things (RFC 6749, section 3.1). An empty one counts as
//! absent.

use nexus_domain::oauth::problem::Problem;
use std::collections::BTreeMap;

/// The longest form that is looked at.
const MAX_FORM: usize = 512 * 1024;
/// More parameters than any request has.
const MAX_PARAMETERS: usize = 64;

/// Parameters by their names, and which of them stand there more than once.
#[derive(Debug, Default)]
pub struct Form {
    values: BTreeMap<String, String>,
    repeated: Vec<String>,
    too_large: bool,
}

impl Form {
    /// Reads what stands behind the `?` of an address, or in a form.
    pub fn read(raw: &str) -> Self {
        let mut form = Self::default();
        if raw.len() > MAX_FORM {
            form.too_large = true;
            return form;
        }
        for (at, (name, value)) in url::form_urlencoded::parse(raw.as_bytes()).enumerate() {
            if at >= MAX_PARAMETERS {
                form.too_large = true;
                break;
            }
            if form.values.contains_key(name.as_ref()) {
                form.repeated.push(name.into_owned());
            } else {
                form.values.insert(name.into_owned(), value.into_owned());
            }
        }
        form
    }

    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that has to be there.
    pub fn need(&self, name: &str, missing: &'static str) -> Result<&str, Problem> {
        self.get(name).ok_or(Problem::invalid_request(missing))
    }

    pub fn is_repeated(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// Refuses a request in which anything stands twice, and one that is too large.
    pub fn refuse_repeated(&self) -> Result<(), Problem> {
        if self.too_large {
            return Err(Problem::invalid_request("The request is too large"));
        }
        if self.repeated.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid_request("A parameter stands there twice"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_twice_is_noticed_however_it_is_written() {
        for raw in ["a=1&a=1", "a=1&b=2&%61=3", "a=&a=1", "a&a"] {
            let form = Form::read(raw);
            assert!(form.is_repeated("a") && form.refuse_repeated().is_err(), "{raw}");
        }
        let form = Form::read("a=1&b=x+y%20z&c=");
        assert_eq!((form.get("a"), form.get("b"), form.get("c")), (Some("1"), Some("x y z"), None));
        assert!(form.refuse_repeated().is_ok());
    }

    #[test]
    fn too_much_is_refused_and_not_read() {
        assert!(Form::read(&"a".repeat(MAX_FORM + 1)).refuse_repeated().is_err());
        let many: Vec<String> = (0..100).map(|n| format!("p{n}=1")).collect();
        assert!(Form::read(&many.join("&")).refuse_repeated().is_err());
    }
}
