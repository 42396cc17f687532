//! The little that has to be known of a compiled module to change it: sections, names, functions,
//! and the linker's list of places that name them (`--emit-relocs`).

use anyhow::{Context, Result, bail};

const HEADER: usize = 8;
const CUSTOM: u8 = 0;
const IMPORT: u8 = 2;
const CODE: u8 = 10;

/// No local variables, one instruction that stops, the end.
const TRAP: [u8; 3] = [0x00, 0x00, 0x0b];

/// Replaces the bodies of the functions that `unwanted` finds by name with a trap, and forgets the
/// relocations in them, so that nothing holds on to what only they used. Hands back how many.
///
/// # Errors
/// When the module is not as the linker writes it.
pub fn trap(module: &[u8], unwanted: impl Fn(&str) -> bool) -> Result<(Vec<u8>, usize)> {
    let sections = sections(module)?;
    let imported = match sections.iter().find(|section| section.kind == IMPORT) {
        Some(imports) => imported_functions(imports.content)?,
        None => 0,
    };
    let names =
        sections.iter().find_map(|section| section.custom("name")).context("a module without names")?;
    let unwanted = functions(names, unwanted)?;
    let code = sections.iter().find(|section| section.kind == CODE).context("a module without code")?;
    let (code, moves) = without_bodies(code.content, |function| unwanted.contains(&(function + imported)))?;

    let mut output = header(module)?;
    for section in &sections {
        match (section.kind, section.custom("reloc.CODE")) {
            (CODE, _) => put_section(&mut output, CODE, &code),
            (_, Some(relocations)) => put_section(&mut output, CUSTOM, &moved(relocations, &moves)?),
            _ => put_section(&mut output, section.kind, section.content),
        }
    }
    Ok((output, unwanted.len()))
}

/// The module without names and notes, which no browser needs.
///
/// # Errors
/// When the module is not as the linker writes it.
pub fn bare(module: &[u8]) -> Result<Vec<u8>> {
    let mut output = header(module)?;
    for section in sections(module)?.iter().filter(|section| section.kind != CUSTOM) {
        put_section(&mut output, section.kind, section.content);
    }
    Ok(output)
}

fn header(module: &[u8]) -> Result<Vec<u8>> {
    Ok(module.get(..HEADER).context("a module that ends too early")?.to_vec())
}

struct Section<'a> {
    kind: u8,
    content: &'a [u8],
}

impl<'a> Section<'a> {
    /// What follows the name of a custom section, if it has this one.
    fn custom(&self, name: &str) -> Option<&'a [u8]> {
        if self.kind != CUSTOM {
            return None;
        }
        let mut input = Reader::new(self.content);
        (input.text().ok()? == name).then(|| input.rest())
    }
}

fn sections(module: &[u8]) -> Result<Vec<Section<'_>>> {
    let mut input = Reader::new(module);
    input.take(HEADER)?;
    let mut sections = Vec::new();
    while !input.rest().is_empty() {
        let kind = input.byte()?;
        sections.push(Section { kind, content: input.block()? });
    }
    Ok(sections)
}

/// How many functions come from outside; they have the first numbers.
fn imported_functions(content: &[u8]) -> Result<u32> {
    let mut input = Reader::new(content);
    let mut functions = 0;
    for _ in 0..input.number()? {
        input.block()?;
        input.block()?;
        match input.byte()? {
            0 => {
                input.number()?;
                functions += 1;
            }
            1 => {
                input.byte()?;
                input.limits()?;
            }
            2 => input.limits()?,
            3 => {
                input.take(2)?;
            }
            other => bail!("an import of the unknown kind {other}"),
        }
    }
    Ok(functions)
}

/// The numbers of the functions whose names are `wanted`.
fn functions(names: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<u32>> {
    const OF_FUNCTIONS: u8 = 1;
    let mut input = Reader::new(names);
    let mut found = Vec::new();
    while !input.rest().is_empty() {
        let kind = input.byte()?;
        let mut list = Reader::new(input.block()?);
        if kind != OF_FUNCTIONS {
            continue;
        }
        for _ in 0..list.number()? {
            let function = list.number()?;
            if wanted(list.text()?) {
                found.push(function);
            }
        }
    }
    Ok(found)
}

/// Where a body was in the code section, and where it begins now: nowhere when it is gone.
struct Move {
    from: usize,
    until: usize,
    to: Option<usize>,
}

fn without_bodies(code: &[u8], gone: impl Fn(u32) -> bool) -> Result<(Vec<u8>, Vec<Move>)> {
    let mut input = Reader::new(code);
    let mut output = Vec::new();
    let mut moves = Vec::new();
    let count = input.number()?;
    put_number(&mut output, count);
    for function in 0..count {
        let body = input.block()?;
        let until = input.position;
        let keep = !gone(function);
        let new = if keep { body } else { &TRAP };
        put_number(&mut output, u32::try_from(new.len())?);
        moves.push(Move { from: until - body.len(), until, to: keep.then_some(output.len()) });
        output.extend_from_slice(new);
    }
    Ok((output, moves))
}

/// The relocations of the code section after the bodies moved.
fn moved(relocations: &[u8], moves: &[Move]) -> Result<Vec<u8>> {
    let mut input = Reader::new(relocations);
    let section = input.number()?;
    let count = input.number()?;
    let mut kept = 0;
    let mut entries = Vec::new();
    for _ in 0..count {
        let kind = input.byte()?;
        let offset = input.number()? as usize;
        let what = input.number()?;
        let addend = if has_addend(kind)? { input.signed()? } else { &[] };
        let body = moves.partition_point(|body| body.until <= offset);
        let body = moves.get(body).filter(|body| body.from <= offset);
        let body = body.context("a relocation outside of every function")?;
        if let Some(to) = body.to {
            entries.push(kind);
            put_number(&mut entries, u32::try_from(offset - body.from + to)?);
            put_number(&mut entries, what);
            entries.extend_from_slice(addend);
            kept += 1;
        }
    }
    let mut output = Vec::new();
    put_number(&mut output, 10);
    output.extend_from_slice(b"reloc.CODE");
    put_number(&mut output, section);
    put_number(&mut output, kept);
    output.extend(entries);
    Ok(output)
}

/// Whether a kind of relocation carries a distance from what it names. The numbers are LLVM's.
fn has_addend(kind: u8) -> Result<bool> {
    match kind {
        // Functions, table entries, types, globals, tags, tables.
        0..=2 | 6 | 7 | 10 | 12 | 13 | 18..=20 | 24 | 26 => Ok(false),
        // Addresses in memory, places in functions and sections.
        3..=5 | 8 | 9 | 11 | 14..=17 | 21..=23 | 25 => Ok(true),
        _ => bail!("a relocation of the unknown kind {kind}"),
    }
}

fn put_section(output: &mut Vec<u8>, kind: u8, content: &[u8]) {
    output.push(kind);
    // Sections of 4 GiB do not come from a linker for 32 bits.
    put_number(output, u32::try_from(content.len()).unwrap_or(u32::MAX));
    output.extend_from_slice(content);
}

/// LEB128, like all numbers in a module.
fn put_number(output: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        output.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    output.push(number as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let taken = self.rest().get(..length).context("a module that ends too early")?;
        self.position += length;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1)?.first().copied().context("a module that ends too early")
    }

    fn number(&mut self) -> Result<u32> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        bail!("a number that does not end")
    }

    /// A number with a sign, unread.
    fn signed(&mut self) -> Result<&'a [u8]> {
        let from = self.position;
        while self.byte()? & 0x80 != 0 {}
        Ok(self.bytes.get(from..self.position).unwrap_or_default())
    }

    /// Something that begins with its length.
    fn block(&mut self) -> Result<&'a [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    fn text(&mut self) -> Result<&'a str> {
        Ok(std::str::from_utf8(self.block()?)?)
    }

    fn limits(&mut self) -> Result<()> {
        let has_maximum = self.byte()? & 1 == 1;
        self.number()?;
        if has_maximum {
            self.number()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two functions, `a` and `b`, with one relocation in each.
    fn sample() -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        put_section(&mut module, CODE, &[2, 4, 0, 0x01, 0x01, 0x0b, 4, 0, 0x10, 0x00, 0x0b]);
        put_section(&mut module, CUSTOM, b"\x04name\x01\x07\x02\0\x01a\x01\x01b");
        put_section(&mut module, CUSTOM, b"\x0areloc.CODE\0\x02\0\x03\0\0\x09\0");
        module
    }

    #[test]
    fn a_trap_takes_the_place_of_a_body_and_its_relocations() -> Result<()> {
        let (module, count) = trap(&sample(), |name| name == "a")?;
        assert_eq!(count, 1);
        let sections = sections(&module)?;
        assert_eq!(sections[0].content, [2, 3, 0, 0, 0x0b, 4, 0, 0x10, 0x00, 0x0b]);
        assert_eq!(sections[2].content, b"\x0areloc.CODE\0\x01\0\x08\0");
        Ok(())
    }

    #[test]
    fn nothing_changes_where_nothing_is_unwanted() -> Result<()> {
        let (module, count) = trap(&sample(), |_| false)?;
        assert_eq!((module, count), (sample(), 0));
        Ok(())
    }

    #[test]
    fn a_bare_module_has_no_names() -> Result<()> {
        assert_eq!(sections(&bare(&sample())?)?.len(), 1);
        assert!(bare(b"\0asm").is_err());
        Ok(())
    }
}
