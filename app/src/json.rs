//! Reads what the server answers. A small JSON reader for serde, because `serde_json` is made for
//! speed and for telling what is wrong with an input: with it, every structure is compiled for
//! objects and arrays and with all its error messages, and the browser loads tables of powers of
//! ten. The tests compare the two.

use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

/// A value out of its JSON text; `None` when the text is no JSON or not of this shape.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut reader = Reader { text, at: 0 };
    let value = T::deserialize(&mut reader).ok()?;
    (reader.peek().is_none() && reader.at == text.len()).then_some(value)
}

/// A value as it stands in the page that the server sends.
pub struct Sent<T>(pub T);

/// The server writes it; the browser only has to be able to.
impl<T: Serialize> Display for Sent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "ssr")]
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)?;
        let _ = f;
        Ok(())
    }
}

impl<T: DeserializeOwned> FromStr for Sent<T> {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        read(text).map(Self).ok_or(Unreadable)
    }
}

/// Something is wrong with the text; nobody asks what.
#[derive(Debug)]
pub struct Unreadable;

type Read<T> = Result<T, Unreadable>;

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

/// Each of these would otherwise bring the code that makes its message.
impl Error for Unreadable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes; always between two characters.
    at: usize,
}

impl<'a> Reader<'a> {
    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// What comes after white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.next_byte() {
            self.at += 1;
        }
        self.next_byte()
    }

    fn take(&mut self, wanted: u8) -> Read<()> {
        if self.peek() != Some(wanted) {
            return Err(Unreadable);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Read<()> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(Unreadable);
        }
        self.at += word.len();
        Ok(())
    }

    fn is_null(&mut self) -> Read<bool> {
        let is_null = self.peek() == Some(b'n');
        if is_null {
            self.word("null")?;
        }
        Ok(is_null)
    }

    fn bool(&mut self) -> Read<bool> {
        let value = self.peek() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    fn digits(&mut self) -> Read<()> {
        let from = self.at;
        while self.next_byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from { Err(Unreadable) } else { Ok(()) }
    }

    fn skip(&mut self, any: &[u8]) -> bool {
        let skips = self.next_byte().is_some_and(|byte| any.contains(&byte));
        if skips {
            self.at += 1;
        }
        skips
    }

    /// Whole numbers where they fit, like the visitors of all number types expect them.
    fn number<V: Visitor<'a>>(&mut self, visitor: V) -> Read<V::Value> {
        self.peek();
        let from = self.at;
        self.skip(b"-");
        if !self.skip(b"0") {
            self.digits()?;
        }
        let mut is_whole = true;
        if self.skip(b".") {
            is_whole = false;
            self.digits()?;
        }
        if self.skip(b"eE") {
            is_whole = false;
            self.skip(b"+-");
            self.digits()?;
        }
        let text = self.text.get(from..self.at).unwrap_or_default();
        match (is_whole, text.parse::<i64>(), text.parse::<u64>()) {
            (true, Ok(number), _) if text != "-0" => visitor.visit_i64(number),
            (true, _, Ok(number)) => visitor.visit_u64(number),
            _ => visitor.visit_f64(float(text).filter(|number| number.is_finite()).ok_or(Unreadable)?),
        }
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.take(b'"')?;
        let mut unescaped = String::new();
        let mut from = self.at;
        loop {
            let byte = self.next_byte().ok_or(Unreadable)?;
            match byte {
                b'"' | b'\\' => {
                    let part = self.text.get(from..self.at).ok_or(Unreadable)?;
                    self.at += 1;
                    if byte == b'"' && unescaped.is_empty() {
                        return Ok(Cow::Borrowed(part));
                    }
                    unescaped.push_str(part);
                    if byte == b'"' {
                        return Ok(Cow::Owned(unescaped));
                    }
                    unescaped.push(self.escape()?);
                    from = self.at;
                }
                0..0x20 => return Err(Unreadable),
                _ => self.at += 1,
            }
        }
    }

    /// The character behind a backslash.
    fn escape(&mut self) -> Read<char> {
        let byte = self.next_byte().ok_or(Unreadable)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut code = self.code_unit()?;
                if (0xd800..0xdc00).contains(&code) {
                    self.word("\\u")?;
                    let low = self.code_unit()?;
                    if !(0xdc00..0xe000).contains(&low) {
                        return Err(Unreadable);
                    }
                    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                }
                return char::from_u32(code).ok_or(Unreadable);
            }
            _ => return Err(Unreadable),
        })
    }

    fn code_unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Unreadable)?;
        self.at += 4;
        digits.chars().try_fold(0, |code, digit| Some(code * 16 + digit.to_digit(16)?)).ok_or(Unreadable)
    }

    fn seq<V: Visitor<'a>>(&mut self, visitor: V) -> Read<V::Value> {
        self.take(b'[')?;
        let mut items = Items { reader: self, end: b']', is_first: true, is_over: false };
        let value = visitor.visit_seq(&mut items)?;
        if items.more()? { Err(Unreadable) } else { Ok(value) }
    }

    fn map<V: Visitor<'a>>(&mut self, visitor: V) -> Read<V::Value> {
        self.take(b'{')?;
        let mut items = Items { reader: self, end: b'}', is_first: true, is_over: false };
        let value = visitor.visit_map(&mut items)?;
        if items.more()? { Err(Unreadable) } else { Ok(value) }
    }
}

/// The browser has a reader of numbers already.
fn float(text: &str) -> Option<f64> {
    #[cfg(feature = "hydrate")]
    return Some(js_sys::parse_float(text));
    #[cfg(not(feature = "hydrate"))]
    text.parse().ok()
}

macro_rules! forward {
    ($($method:ident)+ => $to:ident) => { $(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
            self.$to(visitor)
        }
    )+ };
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'n') => self.deserialize_unit(visitor),
            Some(b't' | b'f') => visitor.visit_bool(self.bool()?),
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'[') => self.seq(visitor),
            Some(b'{') => self.map(visitor),
            _ => self.number(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_bool(self.bool()?)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
        if self.is_null()? { visitor.visit_unit() } else { Err(Unreadable) }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Read<V::Value> {
        if self.is_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Read<V::Value> {
        self.seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        if self.peek() == Some(b'"') {
            return visitor.visit_enum(StrDeserializer::new(&self.string()?));
        }
        self.take(b'{')?;
        let value = visitor.visit_enum(Variant(self))?;
        self.take(b'}')?;
        Ok(value)
    }

    forward! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 => number }
    forward! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 => number }
    forward! { deserialize_f32 deserialize_f64 => number }
    forward! { deserialize_char deserialize_string deserialize_identifier => deserialize_str }
    forward! { deserialize_bytes deserialize_byte_buf deserialize_seq => seq }
    forward! { deserialize_map => map }
    forward! { deserialize_ignored_any => deserialize_any }
}

/// The items of an array or an object.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    end: u8,
    is_first: bool,
    is_over: bool,
}

impl Items<'_, '_> {
    /// Whether there is another one.
    fn more(&mut self) -> Read<bool> {
        if self.is_over {
            return Ok(false);
        }
        if self.reader.peek() == Some(self.end) {
            self.reader.at += 1;
            self.is_over = true;
            return Ok(false);
        }
        if !self.is_first {
            self.reader.take(b',')?;
        }
        self.is_first = false;
        Ok(true)
    }
}

impl<'a> SeqAccess<'a> for &mut Items<'_, 'a> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if self.more()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'a> MapAccess<'a> for &mut Items<'_, 'a> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if !self.more()? {
            return Ok(None);
        }
        match self.reader.peek() {
            Some(b'"') => seed.deserialize(&mut *self.reader).map(Some),
            _ => Err(Unreadable),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Read<V::Value> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant that holds something: `{"name": …}`, without the braces.
struct Variant<'r, 'a>(&'r mut Reader<'a>);

impl<'a> EnumAccess<'a> for Variant<'_, 'a> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Read<(V::Value, Self)> {
        let name = seed.deserialize(&mut *self.0)?;
        self.0.take(b':')?;
        Ok((name, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'_, 'a> {
    type Error = Unreadable;

    fn unit_variant(self) -> Read<()> {
        if self.0.is_null()? { Ok(()) } else { Err(Unreadable) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.0.seq(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.0.map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Plain,
        #[serde(rename = "with")]
        With(i64),
        Pair(String, bool),
        Named {
            size: u8,
        },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Inner {
        pair: (String, u64),
        kind: Kind,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Outer {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maybe: Option<Inner>,
        many: Vec<Inner>,
        by_name: BTreeMap<String, Option<bool>>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn inner() -> impl Strategy<Value = Inner> {
        let kind = prop_oneof![
            Just(Kind::Plain),
            any::<i64>().prop_map(Kind::With),
            any::<(String, bool)>().prop_map(|(text, flag)| Kind::Pair(text, flag)),
            any::<u8>().prop_map(|size| Kind::Named { size }),
        ];
        (any::<(String, u64)>(), kind).prop_map(|(pair, kind)| Inner { pair, kind })
    }

    proptest! {
        #[test]
        fn every_value_reads_back(value in value(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            prop_assert_eq!(read::<Value>(&text.expect("JSON")), Some(value));
        }

        #[test]
        fn every_structure_reads_back(
            text: String,
            maybe in prop::option::of(inner()),
            many in prop::collection::vec(inner(), 0..4),
            by_name in prop::collection::btree_map(any::<String>(), any::<Option<bool>>(), 0..4),
            number: i64,
        ) {
            let rest = BTreeMap::from([("number of".to_owned(), Value::from(number))]);
            let outer = Outer { text, maybe, many, by_name, rest };
            prop_assert_eq!(read(&serde_json::to_string(&outer).expect("JSON")), Some(outer));
        }

        #[test]
        fn what_one_refuses_the_other_refuses(text in r#"[-\[\]{},:"\\/ntfrulase0-9.eE+ uD\t]{0,16}"#) {
            prop_assert_eq!(read::<Value>(&text), serde_json::from_str(&text).ok(), "{}", text);
        }

        #[test]
        fn strings_are_read_alike(text in r#""([a-z]|\\["\\/bfnrtu]|\\u[dD][89cCdD][0-9a-f]{2}|\\u[0-9a-fA-F]{4}|é|\x01){0,6}""#) {
            prop_assert_eq!(read::<String>(&text), serde_json::from_str(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn a_page_that_another_version_wrote_is_not_read() {
        assert_eq!(read::<Inner>(r#"{"pair":["a",1]}"#), None);
        assert_eq!(read::<Kind>(r#""Unknown""#), None);
        assert_eq!(read::<(u8, u8)>("[1]"), None);
        assert_eq!(read::<(u8, u8)>("[1,2,3]"), None);
        assert_eq!(read::<u8>("300"), None);
        assert_eq!(read::<u8>("3 4"), None);
    }
}
