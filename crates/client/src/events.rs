//! Server-sent events, as far as a client of Nexus needs them (WHATWG HTML, "Server-sent events"): ids,
//! pauses, and the fact that something came. Lines are bounded, because anything may be at the other end.

use std::time::Duration;

/// A line longer than this is none of ours.
const MAX_LINE: usize = 64 * 1024;

/// Takes a stream of bytes apart.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    has_data: bool,
    /// The id that was heard last.
    pub last_id: Option<String>,
    id: Option<String>,
    /// How long the server asks to wait before coming back.
    pub retry: Option<Duration>,
}

impl Parser {
    /// Takes more bytes, and says whether an event was among them; `None` where a line is too long.
    pub fn take(&mut self, bytes: &[u8]) -> Option<bool> {
        let mut news = false;
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() > MAX_LINE {
                    return None;
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            news |= self.ends_an_event(&String::from_utf8_lossy(line));
        }
        Some(news)
    }

    fn ends_an_event(&mut self, line: &str) -> bool {
        if line.is_empty() {
            if let Some(id) = self.id.take() {
                self.last_id = Some(id);
            }
            return std::mem::take(&mut self.has_data);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.has_data = true,
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" => self.retry = value.parse().ok().map(Duration::from_millis),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str = ": connected\nid: 41\nretry: 1500\n\nevent: config.updated\r\ndata: {\"revision\":43}\r\nid: 43\r\n\r\n: \n\n";

    #[test]
    fn ids_pauses_and_events_are_heard_and_comments_are_not() {
        let mut parser = Parser::default();
        assert_eq!(parser.take(STREAM.as_bytes()), Some(true));
        assert_eq!(parser.retry, Some(Duration::from_millis(1500)));
        assert_eq!(parser.last_id.as_deref(), Some("43"));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_are_cut(cuts in proptest::collection::vec(0..STREAM.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let mut news = 0;
            for pair in cuts.windows(2) {
                news += usize::from(parser.take(&STREAM.as_bytes()[pair[0]..pair[1]]).expect("short lines"));
            }
            prop_assert_eq!(news, 1);
            prop_assert_eq!(parser.last_id.as_deref(), Some("43"));
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        assert_eq!(Parser::default().take(&vec![b'x'; MAX_LINE + 1]), None);
    }
}
