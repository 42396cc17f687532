//! JSON on several lines, to be read. Texts and numbers stay letter by letter, which a value that was read and written
//! again would not promise.

/// The same JSON with a line for each member and element; what is no JSON comes out as some text.
pub fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = json.chars().peekable();
    while let Some(sign) = rest.next() {
        if quoted {
            text.push(sign);
            quoted = escaped || sign != '"';
            escaped = sign == '\\' && !escaped;
            continue;
        }
        match sign {
            _ if sign.is_ascii_whitespace() => {}
            '{' | '[' => {
                text.push(sign);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(sign);
            }
            ',' => {
                text.push(sign);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => {
                quoted = sign == '"';
                text.push(sign);
            }
        }
    }
    text
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn members_stand_on_lines_and_texts_stay() {
        let json = r#"{"a":[1.50,{}, [ ]],"b":"x: {\"y\"}, \\"}"#;
        let lines = "{\n  \"a\": [\n    1.50,\n    {},\n    []\n  ],\n  \"b\": \"x: {\\\"y\\\"}, \\\\\"\n}";
        assert_eq!(indented(json), lines);
        assert_eq!(indented(lines), lines);
        assert_eq!(indented("3"), "3");
    }
}
