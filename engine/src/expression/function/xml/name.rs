//! Names of XML: which characters they take, and how any text becomes one and is read back.
//!
//! A character that a name cannot hold is written as `_xHHHH_`, its UTF-16 number; an underscore that would be
//! read as the start of one is written so too.

/// Whether a text is a name without a colon.
pub(super) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// Whether XML 1.0 takes a character at all.
pub(super) fn is_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether XML counts a character as white space.
pub(super) fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r')
}

/// A name made of any text.
pub(super) fn encode(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        let taken = if at == 0 { starts_name(char) } else { continues_name(char) };
        let looks_encoded = char == '_' && text.get(at..).and_then(escape).is_some();
        if taken && !looks_encoded {
            name.push(char);
        } else if char as u32 > 0xFFFF {
            name.push_str(&format!("_x{:08X}_", char as u32));
        } else {
            name.push_str(&format!("_x{:04X}_", char as u32));
        }
    }
    name
}

/// The text that a name was made of.
pub(super) fn decode(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(char) = rest.chars().next() {
        let (char, length) = escape(rest).unwrap_or((char, char.len_utf8()));
        text.push(char);
        rest = rest.get(length..).unwrap_or_default();
    }
    text
}

/// The character that an escape at the start of a text stands for, and the length of the escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("_x")?;
    [4, 8].into_iter().find_map(|count| {
        let number = digits.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        digits.get(count..)?.strip_prefix('_')?;
        let char = char::from_u32(u32::from_str_radix(number, 16).ok()?)?;
        Some((char, count + 3))
    })
}

/// Whether a name may start with a character: XML 1.0, fifth edition, without the colon.
pub(super) fn starts_name(char: char) -> bool {
    matches!(char,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// Whether a name may go on with a character.
pub(super) fn continues_name(char: char) -> bool {
    starts_name(char)
        || matches!(char,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_name_and_comes_back() {
        let rows = [
            ("plain", "plain"),
            ("oh no", "oh_x0020_no"),
            ("ro>ot", "ro_x003E_ot"),
            ("1st", "_x0031_st"),
            ("_x0020_", "_x005F_x0020_"),
            ("#comment", "_x0023_comment"),
            ("größe", "größe"),
            ("a😀", "a😀"),
        ];
        for (text, name) in rows {
            assert_eq!(encode(text), name);
            assert!(is_name(name), "{name}");
            assert_eq!(decode(name), text);
        }
        assert_eq!(decode("_x00__x0041_xD800_"), "_x00_AxD800_");
    }
}
