//! What members a referral has and of which type each is: for bodies that are sent, and for names in a query.
//!
//! Only what is known is judged. Members that no document lists are passed over, as the service passes over them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Refusal;
use crate::odata::{Expression, ODataError};

/// The countries of ISO 3166-1 by their two letters.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
                         BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ \
                         EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW \
                         GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY \
                         KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV \
                         MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
                         QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
                         TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM \
                         ZW";

/// Whether a text is the code of a country.
pub(super) fn is_country(code: &str) -> bool {
    COUNTRIES.split(' ').any(|known| known == code)
}

/// Refuses a whole referral with a member of another type.
pub(super) fn check_types(sent: &Value) -> Result<(), Refusal> {
    check_type(sent, &SCHEMA, "")
}

/// Refuses a value of another type than the member at a path.
pub(super) fn check_types_at(path: &str, value: &Value) -> Result<(), Refusal> {
    SCHEMA.pointer(path).map_or(Ok(()), |kind| check_type(value, kind, path))
}

/// Refuses a filter that names what no referral has, whatever rows there are.
pub(super) fn check_filter(filter: &Expression) -> Result<(), Refusal> {
    Scope { variable: None }.check(filter)
}

/// Refuses a path whose names are no properties.
pub(super) fn check_path(path: &[String]) -> Result<(), Refusal> {
    find(&SCHEMA, path).map(|_| ())
}

/// A member that may hold what it likes.
const ANY: &str = "any";

/// The texts that a referral has besides its blocks.
const TEXTS: [&str; 34] = [
    "@odata.context",
    "id",
    "engagementId",
    "name",
    "organizationId",
    "organizationName",
    "businessProfileId",
    "externalReferenceId",
    "createdDateTime",
    "updatedDateTime",
    "expirationDateTime",
    "acceptedDateTime",
    "closedDateTime",
    "status",
    "substatus",
    "statusReason",
    "qualification",
    "type",
    "direction",
    "referralSource",
    "callToAction",
    "eTag",
    "campaignId",
    "salesStage",
    "quality",
    "mpnId",
    "referralProgram",
    "partnerRole",
    "solutionArea",
    "solutionPlay",
    "dealSensitivity",
    "registrationStatus",
    "createdVia",
    "lastModifiedVia",
];

/// Each member with its type: an object, a list with the type of its items, or the name of a plain type. Null is of
/// every type.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = blocks();
    for name in TEXTS {
        schema[name] = json!("text");
    }
    schema
});

fn blocks() -> Value {
    json!({
        "favorite": "bool", "isSpam": "bool", "lastRunId": ANY, "tags": [{"tag": "text"}],
        "registrations": [ANY], "target": [{"type": "text", "id": "text"}],
        "customerProfile": {
            "name": "text", "size": "text", "isMatchingComplete": "bool", "address": address(), "team": [person()],
            // Seen as a list and as an object.
            "ids": ANY,
        },
        "consent": {
            "consentToToShareInfoWithOthers": "bool", "consentToContact": "bool",
            "consentToShareReferralWithMicrosoftSellers": "bool",
            "consentToMicrosoftToContactSpecificPartners": "bool",
        },
        "details": {
            "notes": "text", "dealValue": "number", "currency": "text", "closingDateTime": "text",
            "customerRequestedContact": "bool", "customerAction": "text", "incentiveLevel": ANY,
            "requirements": requirements(),
        },
        "team": [person()],
        "inviteContext": {
            "notes": "text", "assistanceRequestCode": "text", "invitedMpnId": "text",
            "invitedBy": {"organizationId": "text", "organizationName": "text"},
        },
        "links": {
            "relatedReferrals": {"uri": "text", "method": "text"}, "self": {"uri": "text", "method": "text"},
        },
        "trackingInfo": {
            "microsoftMsxId": "text", "microsoftUSFedOpportunityId": "text", "microsoftUSFedLeadId": "text",
            "migratedPSCDealId": "text", "migratedPSCPartnerDealId": "text",
        },
    })
}

fn address() -> Value {
    json!({
        "addressLine1": "text", "addressLine2": "text", "city": "text", "state": "text", "postalCode": "text",
        "country": "text", "region": "text",
    })
}

fn person() -> Value {
    json!({
        "firstName": "text", "lastName": "text", "phoneNumber": "text", "email": "text", "title": "text",
        "contactPreference": {"locale": "text", "disableNotifications": "bool"},
        "emailValidationStatus": "text", "phoneValidationStatus": "text",
    })
}

fn requirements() -> Value {
    json!({
        "industries": [{"id": "text"}], "products": [{"id": "text"}], "services": [{"id": "text"}],
        "solutions": [{
            "id": "text", "name": "text", "type": "text", "price": "number", "quantity": "number",
            "currency": "text", "publisherName": "text", "solutionType": "text", "closingDateTime": "text",
        }],
        "offers": [ANY], "salesPlays": [ANY],
        "additionalRequirements": {
            "iot": {
                "customerLicenseAgreementNumber": "text", "deviceCategory": "text", "siliconType": "text",
                "azureCertifiedDevice": "bool", "attachServices": "bool",
            },
            "attributes": [{"id": "text", "type": "text"}],
        },
    })
}

fn check_type(sent: &Value, kind: &Value, path: &str) -> Result<(), Refusal> {
    let wanted = match (kind, sent) {
        (_, Value::Null) => return Ok(()),
        (Value::Object(members), Value::Object(sent)) => {
            return members
                .iter()
                .filter_map(|(name, kind)| Some((name, kind, sent.get(name)?)))
                .try_for_each(|(name, kind, sent)| check_type(sent, kind, &format!("{path}/{name}")));
        }
        (Value::Array(kinds), Value::Array(items)) => {
            let Some(kind) = kinds.first() else { return Ok(()) };
            let mut places = items.iter().enumerate();
            return places.try_for_each(|(place, item)| check_type(item, kind, &format!("{path}/{place}")));
        }
        (Value::Object(_), _) => "an object",
        (Value::Array(_), _) => "an array",
        (Value::String(plain), sent) => match plain.as_str() {
            "text" if !sent.is_string() => "a text",
            "number" if !sent.is_number() => "a number",
            "bool" if !sent.is_boolean() => "true or false",
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    let path = path.trim_start_matches('/');
    Err(Refusal::invalid(format!("{path} must be {wanted}.")))
}

/// The type of what a path leads to; `None` where no document says what is there.
fn find<'a>(kind: &'a Value, path: &[String]) -> Result<Option<&'a Value>, Refusal> {
    let Some((name, rest)) = path.split_first() else { return Ok(Some(kind)) };
    match kind {
        Value::Object(members) => find(members.get(name).ok_or_else(|| unknown(name))?, rest),
        Value::String(plain) if plain == ANY => Ok(None),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Refusal {
    Refusal::invalid(format!("Could not find a property named `{name}`."))
}

/// Where a filter is judged: over a referral, and within a lambda over an item as well.
#[derive(Clone, Copy)]
struct Scope<'a> {
    variable: Option<(&'a str, &'a Value)>,
}

impl Scope<'_> {
    fn find(&self, path: &[String]) -> Result<Option<&Value>, Refusal> {
        match (path.split_first(), self.variable) {
            (Some((first, rest)), Some((name, item))) if first == name => find(item, rest),
            _ => find(&SCHEMA, path),
        }
    }

    fn check(&self, filter: &Expression) -> Result<(), Refusal> {
        let all = |list: &[Expression]| list.iter().try_for_each(|one| self.check(one));
        match filter {
            Expression::Literal(_) => Ok(()),
            Expression::Not(inner) => self.check(inner),
            Expression::And(left, right) | Expression::Or(left, right) | Expression::Compare(_, left, right) => {
                self.check(left)?;
                self.check(right)
            }
            Expression::In(value, list) => {
                self.check(value)?;
                all(list)
            }
            Expression::Path(path) => match self.find(path)? {
                // A list is asked by a lambda alone.
                Some(Value::Array(_)) => Err(unknown(&path.join("/"))),
                _ => Ok(()),
            },
            Expression::Call(name, arguments) => {
                let known = FUNCTIONS.contains(&(name.as_str(), arguments.len()));
                if known { all(arguments) } else { Err(ODataError::UnknownFunction(name.clone()).into()) }
            }
            Expression::Function(name, _) => Err(ODataError::UnknownFunction(name.clone()).into()),
            Expression::Lambda { path, body, .. } => {
                let anything = Value::from(ANY);
                let item = match self.find(path)? {
                    Some(Value::Array(kinds)) => kinds.first().unwrap_or(&anything),
                    Some(kind) if kind != ANY => return Err(unknown(&path.join("/"))),
                    _ => &anything,
                };
                let inner = |variable| Scope { variable: Some((variable, item)) };
                body.as_ref().map_or(Ok(()), |(variable, body)| inner(variable).check(body))
            }
        }
    }
}

/// The functions of a filter, with the number of their arguments.
const FUNCTIONS: [(&str, usize); 5] =
    [("contains", 2), ("startswith", 2), ("endswith", 2), ("tolower", 1), ("toupper", 1)];
