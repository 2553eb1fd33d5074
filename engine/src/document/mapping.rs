//! A mapping as its author writes it. The comments on the keys are what the editor shows.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A table of field pairs between two kinds of record, usable in both directions.
///
/// Every key may be missing here, so that the checker can name all that are; the schema says which are needed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "cosell mapping")]
pub struct MappingDocument {
    /// The mapping's name, by which flows and other mappings call it.
    #[schemars(required)]
    pub mapping: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// Why it is as it is.
    pub note: Option<String>,
    /// The two sides: a name of your choice, and the kind of record, such as `dataverse.opportunity`.
    #[schemars(required)]
    pub between: Option<IndexMap<String, String>>,
    /// The IANA time zone in which an instant is a day (`Europe/Stockholm`). UTC where nothing is said.
    pub zone: Option<String>,
    /// Marks that one side puts before a text and that the other must not see; named in `decorated_by`.
    pub decorations: Option<IndexMap<String, DecorationDocument>>,
    /// The fields, in the order in which they are written.
    #[schemars(required)]
    pub fields: Option<IndexMap<String, FieldDocument>>,
}

/// A mark before a text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecorationDocument {
    /// The side whose text carries the mark.
    pub side: String,
    /// All marks that may stand before the text; each is taken off before the text is compared or sent on.
    pub marks: Vec<String>,
    /// The mark that is written.
    pub write: String,
    /// Whether marks are written; `false` takes them off. True where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<BooleanOrText>")]
    pub when: Option<Value>,
}

/// One line of the table: both sides by name, and how the value gets from one to the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct FieldDocument(pub Map<String, Value>);

/// The keys of a field whose names do not depend on the sides.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldKeys {
    /// What people call the field.
    pub title: Option<String>,
    /// Why it is as it is.
    pub note: Option<String>,
    /// The type by which values are compared. Where nothing is said, numbers go by value and text without blanks around it.
    #[serde(rename = "as")]
    pub compared_as: Option<ComparedAs>,
    /// The IANA time zone of this field's days, where it differs from the mapping's.
    pub zone: Option<String>,
    /// The field is a list of records; `map` says how each is mapped and `match` which belong together.
    pub list: Option<bool>,
    /// The field of the nested mapping by which records of the two lists belong together.
    #[serde(rename = "match")]
    pub match_by: Option<String>,
    /// The mapping for each record of the list.
    pub map: Option<String>,
    /// What happens to a record that the source's list doesn't have.
    pub absent: Option<AbsentDocument>,
    /// Which values belong together. The first row that fits is taken, in both directions.
    #[schemars(with = "Option<Vec<ValuesRow>>")]
    pub values: Option<Vec<Map<String, Value>>>,
    /// A value that is written to the only side named: a constant, or text such as `Deal {{referral.id}}`.
    #[schemars(with = "Option<AnyValue>")]
    pub value: Option<Value>,
    /// A decoration of this mapping.
    pub decorated_by: Option<String>,
    /// A number that is added to the numbers in `values`.
    #[schemars(with = "Option<NumberOrText>")]
    pub offset: Option<Value>,
    /// `keep`: what is set in the target is never changed again.
    pub once_set: Option<KeepDocument>,
    /// An empty value in the source empties the target too. Otherwise it is no reason to write.
    pub clear: Option<bool>,
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparedAs {
    /// Without blanks around it; line ends don't matter.
    Text,
    /// By value: 1000 is "1000.0000".
    Decimal,
    /// By day, in the zone.
    Date,
    /// By instant.
    Instant,
    /// By the number of the choice.
    Option,
    /// True or false.
    Boolean,
    /// Without case and braces.
    Guid,
}

/// What happens to a record of a list that the source doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbsentDocument {
    /// It is removed.
    Remove,
    /// It stays.
    Keep,
}

/// The one thing to do with what is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepDocument {
    /// Leave it.
    Keep,
}

/// Where a field's value stands on one side.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a column, a list of columns, { first: [columns] } or { lookup: column, by: column }")]
pub enum SideDocument {
    /// A column or path: `details.dealValue`, `customerProfile.team[0].email`.
    Path(String),
    /// Several columns, which are written together; `values` says how.
    Paths(Vec<String>),
    /// The first of these that holds something.
    First(FirstDocument),
    /// A reference to another record.
    Lookup(LookupDocument),
}

/// The first column that holds something.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstDocument {
    /// The columns in order of preference; what is written goes to the first.
    pub first: Vec<String>,
}

/// A reference to another record.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupDocument {
    /// The column that holds the reference.
    pub lookup: String,
    /// The column, or columns, by which the other record is found.
    pub by: ByDocument,
    /// The mapping for the other record; without it, the value of `by` is the field's value.
    #[serde(default)]
    pub map: Option<String>,
    /// What happens where there is no such record.
    #[serde(default)]
    pub missing: Option<MissingDocument>,
}

/// One column or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a column or a list of columns")]
pub enum ByDocument {
    /// One column.
    Column(String),
    /// All of these together.
    Columns(Vec<String>),
}

/// What happens where a lookup finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingDocument {
    /// The write fails. This is so where nothing is said.
    Error,
    /// The record is made, as `map` says.
    Create,
    /// The column is left as it is.
    Leave,
}

/// When a field is written towards a side.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "never, create, update, [create, update] or { on: [create, update], unless: zero }")]
pub enum TowardsDocument {
    /// Always on one occasion, or never.
    Word(TowardsWord),
    /// On these occasions.
    Occasions(Vec<Occasion>),
    /// On some occasions, with an exception.
    Detailed(TowardsDetails),
}

/// A single word for when a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TowardsWord {
    /// Not towards this side.
    Never,
    /// Only when the record is made.
    Create,
    /// Only when the record is changed.
    Update,
}

/// When a field is written, with an exception.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TowardsDetails {
    /// On these occasions; both where nothing is said.
    #[serde(default)]
    pub on: Option<Vec<Occasion>>,
    /// `zero`: not when the source holds 0 or nothing.
    #[serde(default)]
    pub unless: Option<UnlessDocument>,
}

/// What may happen to the target's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// It is made.
    Create,
    /// It is changed.
    Update,
}

/// When a field is not written after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnlessDocument {
    /// When the source holds 0 or nothing.
    Zero,
}

impl JsonSchema for FieldDocument {
    fn schema_name() -> Cow<'static, str> {
        "FieldDocument".into()
    }

    /// The fixed keys, `to_SIDE` by its pattern, and any other key as a side.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = FieldKeys::json_schema(generator);
        let towards = generator.subschema_for::<TowardsDocument>();
        let side = generator.subschema_for::<SideDocument>();
        schema.insert(
            "description".into(),
            "One line of the table: both sides by name, and how a value gets across.".into(),
        );
        schema.insert("patternProperties".into(), json_schema!({ "^to_": towards }).to_value());
        schema.insert("additionalProperties".into(), side.to_value());
        schema
    }
}

/// One row of `values`; for the schema only, since its keys are the sides.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct ValuesRow(#[expect(dead_code, reason = "gives the schema")] IndexMap<String, AnyValue>);

/// Any value at all; for the schema only.
struct AnyValue;

impl JsonSchema for AnyValue {
    fn schema_name() -> Cow<'static, str> {
        "AnyValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

/// A number, or text that gives one (`{{parameters.x}}`); for the schema only.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "gives the schema")]
enum NumberOrText {
    Number(i64),
    Text(String),
}

/// True or false, or text that gives it (`$.parameters.x`); for the schema only.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "gives the schema")]
enum BooleanOrText {
    Boolean(bool),
    Text(String),
}
