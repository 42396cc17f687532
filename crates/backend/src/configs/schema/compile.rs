//! From the text of a schema to rules: every keyword is looked at once, so that what a value is checked
//! against makes sense. The error of a schema names the place in it.

use super::{Schema, canonical};
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// The index of a schema among all of one document.
pub(super) type Id = usize;

/// At most this many regular expressions, each of at most this many bytes: they are built into memory.
const MAX_PATTERNS: usize = 100;
const MAX_PATTERN_BYTES: usize = 1024;
const MAX_PATTERN_MEMORY: usize = 256 * 1024;
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A schema with its rules; a value has to keep all of them.
pub(super) type Node = Vec<Rule>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

#[derive(Debug)]
pub(super) enum Rule {
    Never,
    Type(Vec<Type>),
    /// Canonical texts.
    OneOfValues(Vec<String>),
    Least(f64),
    Most(f64),
    Above(f64),
    Below(f64),
    MultipleOf(f64),
    Length(Bounds),
    Pattern(Regex),
    Items(Bounds),
    Unique,
    Elements {
        first: Vec<Id>,
        rest: Option<Id>,
    },
    Contains {
        schema: Id,
        at_least: usize,
        at_most: Option<usize>,
    },
    Properties(Bounds),
    Required(Vec<String>),
    RequiredWith(Vec<(String, Vec<String>)>),
    Fields {
        named: BTreeMap<String, Id>,
        like: Vec<(Regex, Id)>,
        rest: Option<Id>,
    },
    Names(Id),
    SchemaWith(Vec<(String, Id)>),
    All(Vec<Id>),
    Any(Vec<Id>),
    One(Vec<Id>),
    Not(Id),
    If {
        condition: Id,
        then: Option<Id>,
        otherwise: Option<Id>,
    },
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub least: usize,
    pub most: Option<usize>,
}

/// What this program would have to understand to check a value rightly, and does not.
const NOT_KNOWN: [&str; 5] =
    ["$dynamicRef", "$recursiveRef", "unevaluatedItems", "unevaluatedProperties", "$vocabulary"];

type Outcome<T> = Result<T, String>;

struct Compiler<'a> {
    document: &'a Value,
    nodes: Vec<Node>,
    /// Schemas by their place (JSON Pointer).
    places: HashMap<String, Id>,
    anchors: HashMap<&'a str, String>,
    /// Schemas that are named and not read yet.
    open: Vec<(String, &'a Value)>,
    patterns: usize,
}

pub(super) fn compile(document: &Value) -> Outcome<Schema> {
    let mut compiler = Compiler {
        document,
        nodes: Vec::new(),
        places: HashMap::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
        patterns: 0,
    };
    if document.get("$schema").is_some_and(|dialect| dialect.as_str() != Some(DIALECT)) {
        return Err(format!("/$schema: the dialect here is {DIALECT}"));
    }
    compiler.find_anchors("", document)?;
    let root = compiler.at(String::new(), document);
    // A list of what is open instead of a call for each, so that no nesting is too deep.
    while let Some((place, schema)) = compiler.open.pop() {
        let node = compiler.node(&place, schema)?;
        let id = compiler.at(place, schema);
        if let Some(slot) = compiler.nodes.get_mut(id) {
            *slot = node;
        }
    }
    Ok(Schema { nodes: compiler.nodes, root })
}

fn below(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn wrong<T>(place: &str, key: &str, rule: &str) -> Outcome<T> {
    Err(format!("{}: {rule}", below(place, key)))
}

impl<'a> Compiler<'a> {
    /// The id of the schema at a place; it is read later.
    fn at(&mut self, place: String, schema: &'a Value) -> Id {
        if let Some(id) = self.places.get(&place) {
            return *id;
        }
        let id = self.nodes.len();
        self.nodes.push(Vec::new());
        self.places.insert(place.clone(), id);
        self.open.push((place, schema));
        id
    }

    /// JSON is nested at most 64 deep here.
    fn find_anchors(&mut self, place: &str, value: &'a Value) -> Outcome<()> {
        match value {
            Value::Object(fields) => {
                if let Some(anchor) = fields.get("$anchor").and_then(Value::as_str) {
                    self.anchors.insert(anchor, place.to_owned());
                }
                if !place.is_empty() && fields.get("$id").is_some_and(Value::is_string) {
                    return wrong(place, "$id", "only a whole schema has an id here");
                }
                fields.iter().try_for_each(|(key, field)| self.find_anchors(&below(place, key), field))
            }
            Value::Array(items) => {
                let mut items = items.iter().enumerate();
                items.try_for_each(|(n, item)| self.find_anchors(&below(place, &n.to_string()), item))
            }
            _ => Ok(()),
        }
    }

    fn node(&mut self, place: &str, schema: &'a Value) -> Outcome<Node> {
        let fields = match schema {
            Value::Bool(true) => return Ok(Vec::new()),
            Value::Bool(false) => return Ok(vec![Rule::Never]),
            Value::Object(fields) => fields,
            _ => return Err(format!("{}: a schema is an object, true or false", shown(place))),
        };
        if let Some(key) = NOT_KNOWN.iter().find(|key| fields.contains_key(**key)) {
            return wrong(place, key, "this keyword is not known here, and nothing is left unchecked");
        }
        let mut rules = Vec::new();
        for (key, value) in fields {
            rules.extend(self.simple(place, key, value)?);
            rules.extend(self.nested(place, key, value)?);
        }
        self.joint(place, fields, &mut rules)?;
        Ok(rules)
    }

    /// Keywords that stand for themselves and hold no schema.
    fn simple(&mut self, place: &str, key: &str, value: &'a Value) -> Outcome<Option<Rule>> {
        let number =
            || value.as_f64().filter(|it| it.is_finite()).map_or_else(|| wrong(place, key, "a number"), Ok);
        Ok(Some(match key {
            "type" => Rule::Type(types(place, key, value)?),
            "enum" => match value.as_array() {
                Some(values) => Rule::OneOfValues(values.iter().map(text_of).collect()),
                None => return wrong(place, key, "a list of values"),
            },
            "const" => Rule::OneOfValues(vec![text_of(value)]),
            "minimum" => Rule::Least(number()?),
            "maximum" => Rule::Most(number()?),
            "exclusiveMinimum" => Rule::Above(number()?),
            "exclusiveMaximum" => Rule::Below(number()?),
            "multipleOf" => match number()? {
                factor if factor > 0.0 => Rule::MultipleOf(factor),
                _ => return wrong(place, key, "a number above 0"),
            },
            "pattern" => match value.as_str() {
                Some(pattern) => Rule::Pattern(self.pattern(place, key, pattern)?),
                None => return wrong(place, key, "a regular expression"),
            },
            "uniqueItems" => match value.as_bool() {
                Some(true) => Rule::Unique,
                Some(false) => return Ok(None),
                None => return wrong(place, key, "true or false"),
            },
            "required" => Rule::Required(names(place, key, value)?),
            "dependentRequired" => match value.as_object() {
                Some(fields) => {
                    let one = |(field, list)| Ok((String::clone(field), names(place, key, list)?));
                    Rule::RequiredWith(fields.iter().map(one).collect::<Outcome<_>>()?)
                }
                None => return wrong(place, key, "an object of lists"),
            },
            _ => return Ok(None),
        }))
    }

    /// Keywords that hold schemas and need no other keyword.
    fn nested(&mut self, place: &str, key: &str, value: &'a Value) -> Outcome<Option<Rule>> {
        Ok(Some(match key {
            "allOf" => Rule::All(self.list(place, key, value)?),
            "anyOf" => Rule::Any(self.list(place, key, value)?),
            "oneOf" => Rule::One(self.list(place, key, value)?),
            "not" => Rule::Not(self.at(below(place, key), value)),
            "propertyNames" => Rule::Names(self.at(below(place, key), value)),
            "dependentSchemas" => Rule::SchemaWith(self.map(place, key, value)?.into_iter().collect()),
            "$ref" => Rule::All(vec![self.reference(place, key, value)?]),
            "$defs" => {
                self.map(place, key, value)?;
                return Ok(None);
            }
            _ => return Ok(None),
        }))
    }

    /// Keywords that mean something together.
    fn joint(&mut self, place: &str, fields: &'a Map<String, Value>, rules: &mut Node) -> Outcome<()> {
        let bounds = |least: &str, most: &str| -> Outcome<Option<Bounds>> {
            let (least, most) = (count(place, fields, least)?, count(place, fields, most)?);
            let any = least.is_some() || most.is_some();
            Ok(any.then_some(Bounds { least: least.unwrap_or(0), most }))
        };
        rules.extend(bounds("minLength", "maxLength")?.map(Rule::Length));
        rules.extend(bounds("minItems", "maxItems")?.map(Rule::Items));
        rules.extend(bounds("minProperties", "maxProperties")?.map(Rule::Properties));
        let one = |it: &mut Self, key: &str| fields.get(key).map(|schema| it.at(below(place, key), schema));
        let first = match fields.get("prefixItems") {
            Some(list) => self.list(place, "prefixItems", list)?,
            None => Vec::new(),
        };
        let rest = one(self, "items");
        if !first.is_empty() || rest.is_some() {
            rules.push(Rule::Elements { first, rest });
        }
        let contained = (count(place, fields, "minContains")?, count(place, fields, "maxContains")?);
        if let Some(schema) = one(self, "contains") {
            rules.push(Rule::Contains { schema, at_least: contained.0.unwrap_or(1), at_most: contained.1 });
        }
        if let Some(condition) = one(self, "if") {
            let (then, otherwise) = (one(self, "then"), one(self, "else"));
            rules.push(Rule::If { condition, then, otherwise });
        }
        self.fields(place, fields, rules)
    }

    fn fields(&mut self, place: &str, fields: &'a Map<String, Value>, rules: &mut Node) -> Outcome<()> {
        let named = match fields.get("properties") {
            Some(map) => self.map(place, "properties", map)?,
            None => BTreeMap::new(),
        };
        let mut like = Vec::new();
        if let Some(map) = fields.get("patternProperties") {
            for (pattern, id) in self.map(place, "patternProperties", map)? {
                like.push((self.pattern(&below(place, "patternProperties"), &pattern, &pattern)?, id));
            }
        }
        let key = "additionalProperties";
        let rest = fields.get(key).map(|schema| self.at(below(place, key), schema));
        if !named.is_empty() || !like.is_empty() || rest.is_some() {
            rules.push(Rule::Fields { named, like, rest });
        }
        Ok(())
    }

    fn list(&mut self, place: &str, key: &str, value: &'a Value) -> Outcome<Vec<Id>> {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            return wrong(place, key, "a list of schemas, with one at least");
        };
        let place = below(place, key);
        let one = |(n, schema): (usize, &'a Value)| self.at(below(&place, &n.to_string()), schema);
        Ok(items.iter().enumerate().map(one).collect())
    }

    fn map(&mut self, place: &str, key: &str, value: &'a Value) -> Outcome<BTreeMap<String, Id>> {
        let Some(fields) = value.as_object() else { return wrong(place, key, "an object of schemas") };
        let place = below(place, key);
        let one = |(name, schema): (&String, &'a Value)| (name.clone(), self.at(below(&place, name), schema));
        Ok(fields.iter().map(one).collect())
    }

    /// Only what is in this document: nothing is fetched.
    fn reference(&mut self, place: &str, key: &str, value: &Value) -> Outcome<Id> {
        let inside = value.as_str().and_then(|target| target.strip_prefix('#'));
        let Some(inside) = inside else {
            return wrong(place, key, "only references inside of this schema (#/$defs/…) are followed");
        };
        let target = match self.anchors.get(inside) {
            Some(place) => place.clone(),
            None => inside.to_owned(),
        };
        match self.document.pointer(&target) {
            Some(schema) if target.is_empty() || target.starts_with('/') => Ok(self.at(target, schema)),
            _ => wrong(place, key, "this leads nowhere"),
        }
    }

    fn pattern(&mut self, place: &str, key: &str, source: &str) -> Outcome<Regex> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS || source.len() > MAX_PATTERN_BYTES {
            return wrong(place, key, "at most 100 regular expressions of at most 1,024 bytes");
        }
        let built = RegexBuilder::new(source)
            .size_limit(MAX_PATTERN_MEMORY)
            .dfa_size_limit(MAX_PATTERN_MEMORY)
            .build();
        built.or_else(|_| wrong(place, key, "no regular expression of linear time, or too large a one"))
    }
}

fn shown(place: &str) -> &str {
    if place.is_empty() { "The whole" } else { place }
}

fn text_of(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    text
}

fn types(place: &str, key: &str, value: &Value) -> Outcome<Vec<Type>> {
    let one = |word: &Value| match word.as_str() {
        Some("null") => Ok(Type::Null),
        Some("boolean") => Ok(Type::Boolean),
        Some("integer") => Ok(Type::Integer),
        Some("number") => Ok(Type::Number),
        Some("string") => Ok(Type::String),
        Some("array") => Ok(Type::Array),
        Some("object") => Ok(Type::Object),
        _ => wrong(place, key, "null, boolean, integer, number, string, array or object, or a list of them"),
    };
    match value {
        Value::Array(words) => words.iter().map(one).collect(),
        word => Ok(vec![one(word)?]),
    }
}

fn names(place: &str, key: &str, value: &Value) -> Outcome<Vec<String>> {
    let list =
        value.as_array().and_then(|list| list.iter().map(|it| it.as_str().map(str::to_owned)).collect());
    list.map_or_else(|| wrong(place, key, "a list of names"), Ok)
}

fn count(place: &str, fields: &Map<String, Value>, key: &str) -> Outcome<Option<usize>> {
    let Some(value) = fields.get(key) else { return Ok(None) };
    let whole = value.as_f64().filter(|it| *it >= 0.0 && it.fract() == 0.0 && *it < 1e15);
    // A float below 2^53 is exact.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was looked at above")]
    let whole = whole.map(|it| it as u64).and_then(|it| usize::try_from(it).ok());
    whole.map_or_else(|| wrong(place, key, "a whole number from 0"), |whole| Ok(Some(whole)))
}
