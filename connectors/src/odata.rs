//! What both services share of OData: text in filters, and the encoding of a query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// A text as a literal in a filter: in quotes, with inner quotes doubled.
pub(crate) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What a value of a query option may hold as it stands, beside letters and digits: what OData is written with stays
/// readable, and no server reads anything else into the rest.
const VALUE: &AsciiSet = &SEGMENT.remove(b';').remove(b'/').remove(b'*').remove(b'!');

/// The same for one segment of a path: a slash in it cannot start another segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b',')
    .remove(b':')
    .remove(b'@')
    .remove(b'=');

/// A value of a query option, encoded.
pub(crate) fn encode_value(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, VALUE)
}

/// One segment of a path, encoded.
pub(crate) fn encode_segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
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
            assert_eq!(encode_value(text).to_string(), expected);
        }
        assert_eq!(encode_segment("../x?y").to_string(), "..%2Fx%3Fy");
        assert_eq!(text_literal("O'Neil"), "'O''Neil'");
    }
}
