//! What both services share of OData: text in filters, and the encoding of a query.

/// A text as a literal in a filter: in quotes, with inner quotes doubled.
pub(crate) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value of a query option, encoded so that no server reads anything else into it. What OData is
/// written with (`$`, quotes, brackets, commas) stays readable.
pub(crate) fn encode_value(text: &str) -> String {
    encode(text, b"-_.~$'(),;:@/*!=")
}

/// One segment of a path: a slash in it cannot start another segment.
pub(crate) fn encode_segment(text: &str) -> String {
    encode(text, b"-_.~$'(),:@=")
}

fn encode(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        let cases = [
            ("engagementId eq 'a'", "engagementId%20eq%20'a'"),
            ("name eq 'R&D #1 + 50%'", "name%20eq%20'R%26D%20%231%20%2B%2050%25'"),
            ("é", "%C3%A9"),
        ];
        for (text, expected) in cases {
            assert_eq!(encode_value(text), expected);
        }
        assert_eq!(encode_segment("../x?y"), "..%2Fx%3Fy");
        assert_eq!(text_literal("O'Neil"), "'O''Neil'");
    }
}
