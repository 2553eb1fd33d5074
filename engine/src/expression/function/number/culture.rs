//! How a language writes numbers: its signs, from the locales of the C library, by names such as `de-DE`.

use pure_rust_locales::{Locale, locale_match};

use crate::expression::ExpressionError;
use crate::expression::function::limit;

/// The signs and patterns of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::expression::function) struct Culture {
    /// Between whole and fraction.
    pub(super) point: &'static str,
    /// Between groups of digits.
    pub(super) group: &'static str,
    /// How many digits are in a group, from the point on; the last one goes on.
    pub(super) groups: &'static [i64],
    /// What a float without an end is called.
    pub(super) infinity: &'static str,
    /// The sign of the currency.
    pub(super) currency: &'static str,
    /// How many digits after the point an amount of the currency has.
    pub(super) currency_digits: usize,
    /// Whether the currency stands before the amount.
    pub(super) currency_first: bool,
    /// What stands between currency and amount.
    pub(super) currency_gap: &'static str,
    /// What stands between a number and its percent sign.
    pub(super) percent_gap: &'static str,
}

/// Languages in a region that is not spelled as they are.
const REGIONS: [(&str, &str); 20] = [
    ("en", "US"),
    ("sv", "SE"),
    ("da", "DK"),
    ("cs", "CZ"),
    ("ja", "JP"),
    ("ko", "KR"),
    ("zh", "CN"),
    ("el", "GR"),
    ("he", "IL"),
    ("hi", "IN"),
    ("et", "EE"),
    ("sl", "SI"),
    ("uk", "UA"),
    ("vi", "VN"),
    ("nb", "NO"),
    ("nn", "NO"),
    ("ar", "SA"),
    ("fa", "IR"),
    ("ca", "ES"),
    ("eu", "ES"),
];

/// Languages that set the percent sign off; the C library does not say so, the common locale data does.
const SPACED_PERCENT: [&str; 14] = ["de", "fr", "es", "sv", "da", "nb", "nn", "fi", "cs", "sk", "ru", "uk", "bg", "sl"];

const NO_BREAK_SPACE: &str = "\u{a0}";

impl Culture {
    /// What holds where no language is meant.
    pub(in crate::expression::function) const INVARIANT: Culture = Culture {
        point: ".",
        group: ",",
        groups: &[3],
        infinity: "Infinity",
        currency: "¤",
        currency_digits: 2,
        currency_first: true,
        currency_gap: "",
        percent_gap: " ",
    };

    /// American English, which the service takes where nothing is said.
    pub(in crate::expression::function) const ENGLISH: Culture =
        Culture { infinity: "∞", currency: "$", percent_gap: "", ..Culture::INVARIANT };

    /// The culture of that name, in any case; an empty name is the invariant one.
    pub(in crate::expression::function) fn named(name: &str) -> Result<Culture, ExpressionError> {
        if name.is_empty() {
            return Ok(Culture::INVARIANT);
        }
        if name.eq_ignore_ascii_case("en-US") || name.eq_ignore_ascii_case("en") {
            return Ok(Culture::ENGLISH);
        }
        let locale = locale(name).ok_or_else(|| {
            ExpressionError::new(format!("the locale {} is not known", limit::quoted(name)))
                .help("write a name such as `de-DE`")
        })?;
        Ok(of_locale(locale, name))
    }
}

/// The locale of a name: its language, and its region or the one where the language is at home.
fn locale(name: &str) -> Option<Locale> {
    let mut parts = name.split(['-', '_']);
    let language = parts.next()?.to_lowercase();
    let region = match parts.next_back() {
        Some(region) => region.to_uppercase(),
        None => REGIONS
            .iter()
            .find(|(known, _)| *known == language)
            .map_or_else(|| language.to_uppercase(), |(_, region)| (*region).to_owned()),
    };
    Locale::try_from(format!("{language}_{region}").as_str()).ok()
}

fn of_locale(locale: Locale, name: &str) -> Culture {
    let digits = locale_match!(locale => LC_MONETARY::FRAC_DIGITS);
    let spaced = locale_match!(locale => LC_MONETARY::P_SEP_BY_SPACE) > 0;
    let groups: &'static [i64] = locale_match!(locale => LC_NUMERIC::GROUPING);
    let group: &'static str = locale_match!(locale => LC_NUMERIC::THOUSANDS_SEP);
    let money_group: &'static str = locale_match!(locale => LC_MONETARY::MON_THOUSANDS_SEP);
    let language = name.split(['-', '_']).next().unwrap_or(name);
    Culture {
        point: locale_match!(locale => LC_NUMERIC::DECIMAL_POINT),
        // Some locales leave plain numbers without groups; the services group them as they do amounts.
        group: if group.is_empty() { money_group } else { group },
        groups: if groups.iter().all(|size| *size > 0) { groups } else { &[3] },
        infinity: "∞",
        currency: locale_match!(locale => LC_MONETARY::CURRENCY_SYMBOL),
        currency_digits: usize::try_from(digits).unwrap_or(2),
        currency_first: locale_match!(locale => LC_MONETARY::P_CS_PRECEDES) != 0,
        currency_gap: if spaced { NO_BREAK_SPACE } else { "" },
        percent_gap: if SPACED_PERCENT.iter().any(|known| known.eq_ignore_ascii_case(language)) {
            NO_BREAK_SPACE
        } else {
            ""
        },
    }
}
