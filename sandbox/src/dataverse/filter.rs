//! A `$filter` made ready for a table (behaviour 9): names and types are checked once, whether there are rows or
//! not, and Dataverse's own functions are put into plain terms.

use super::functions::plain;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::tables::Table;
use super::value::edm;
use crate::odata::{Comparison, Expression, HAS_OPTION, LIKE, Literal};
use crate::options::ColumnKind;

/// The only functions besides those of Dataverse's own. The last has no name that can be written in a filter.
const TEXT_FUNCTIONS: [&str; 4] = ["contains", "startswith", "endswith", LIKE];

/// Checks a filter, and puts it into plain terms.
pub(crate) fn prepare(crm: &Dataverse, table: &Table, filter: &Expression) -> Result<Expression, Refusal> {
    Scope { crm, table, variable: None }.prepare(filter)
}

/// Refuses a path that leads nowhere.
pub(crate) fn check_path(crm: &Dataverse, table: &Table, path: &[String]) -> Result<(), Refusal> {
    Scope { crm, table, variable: None }.kind(path).map(drop)
}

/// What a path ends at.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Guid,
    Of(ColumnKind),
    /// A row, which can only be compared with null.
    Row,
}

#[derive(Clone, Copy)]
struct Scope<'a> {
    crm: &'a Dataverse,
    table: &'a Table,
    /// The innermost lambda's variable and the table of its rows.
    variable: Option<(&'a str, &'a Table)>,
}

impl Scope<'_> {
    fn prepare(&self, filter: &Expression) -> Result<Expression, Refusal> {
        // A filter of an expansion is prepared for each row.
        self.crm.budget.spend(1);
        let both = |left: &Expression, right: &Expression| -> Result<_, Refusal> {
            Ok((Box::new(self.prepare(left)?), Box::new(self.prepare(right)?)))
        };
        Ok(match filter {
            Expression::And(left, right) => both(left, right).map(|(left, right)| Expression::And(left, right))?,
            Expression::Or(left, right) => both(left, right).map(|(left, right)| Expression::Or(left, right))?,
            Expression::Not(inner) => Expression::Not(Box::new(self.prepare(inner)?)),
            Expression::Compare(comparison, left, right) => {
                self.check_types(*comparison, left, right)?;
                filter.clone()
            }
            Expression::In(..) => return Err(Refusal::query("The operator 'in' is not supported.")),
            Expression::Call(name, arguments) => {
                if !TEXT_FUNCTIONS.contains(&name.as_str()) {
                    return Err(Refusal::query(format!("An unknown function with name '{name}' was found.")));
                }
                self.check_text_function(name, arguments)?;
                filter.clone()
            }
            Expression::Function(name, arguments) => {
                let plain = plain(self.crm, self.table, name, arguments)?;
                self.check_own_function(&plain)?;
                plain
            }
            Expression::Lambda { path, all, body } => self.lambda(path, *all, body.as_ref())?,
            Expression::Path(path) => match self.kind(path)? {
                Kind::Of(ColumnKind::YesNo) => filter.clone(),
                _ => return Err(Refusal::query("A filter must be a condition.")),
            },
            Expression::Literal(Literal::Bool(_)) => filter.clone(),
            Expression::Literal(_) => return Err(Refusal::query("A filter must be a condition.")),
        })
    }

    fn lambda(
        &self,
        path: &[String],
        all: bool,
        body: Option<&(String, Box<Expression>)>,
    ) -> Result<Expression, Refusal> {
        let (table, rest) = self.start(path);
        let mut table = table;
        let Some((collection, before)) = rest.split_last() else {
            return Err(Refusal::query("A lambda needs a collection."));
        };
        for name in before {
            let lookup = table.navigation(name).ok_or_else(|| Refusal::no_property(&table.logical, name))?;
            table = self.crm.table(&lookup.target)?;
        }
        let rows =
            self.crm.collection(table, collection).ok_or_else(|| Refusal::no_property(&table.logical, collection))?;
        let of = rows.table();
        let body = match body {
            None => None,
            Some((variable, condition)) => {
                let inner = Scope { crm: self.crm, table: self.table, variable: Some((variable, of)) };
                Some((variable.clone(), Box::new(inner.prepare(condition)?)))
            }
        };
        Ok(Expression::Lambda { path: path.to_vec(), all, body })
    }

    fn start<'p>(&self, path: &'p [String]) -> (&Table, &'p [String]) {
        match (self.variable, path.split_first()) {
            (Some((name, table)), Some((first, rest))) if first == name => (table, rest),
            _ => (self.table, path),
        }
    }

    fn kind(&self, path: &[String]) -> Result<Kind, Refusal> {
        let (mut table, mut rest) = self.start(path);
        loop {
            let Some((name, after)) = rest.split_first() else {
                return Err(Refusal::query("A path names nothing."));
            };
            if after.is_empty() {
                return kind_of(table, name);
            }
            let lookup = table.navigation(name).ok_or_else(|| Refusal::no_property(&table.logical, name))?;
            table = self.crm.table(&lookup.target)?;
            rest = after;
        }
    }

    fn check_types(&self, comparison: Comparison, left: &Expression, right: &Expression) -> Result<(), Refusal> {
        let (left, right) = match (left, right) {
            (Expression::Path(path), other) | (other, Expression::Path(path)) => (self.kind(path)?, other),
            (Expression::Call(..) | Expression::Function(..), Expression::Literal(Literal::Bool(_))) => {
                return Err(Refusal::query("A function is a condition by itself; write 'not' to turn it round."));
            }
            _ => return Err(Refusal::query("A comparison needs a property.")),
        };
        let fits = match right {
            Expression::Literal(literal) => literal_fits(left, literal),
            Expression::Path(path) => comparable(left, self.kind(path)?),
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let right = match right {
            Expression::Literal(literal) => literal_type(literal),
            Expression::Path(path) => type_name(self.kind(path)?),
            _ => "Edm.Boolean",
        };
        Err(Refusal::query(format!(
            "A binary operator with incompatible types was detected. Found operand types '{}' and '{right}' for \
             operator kind '{comparison:?}'.",
            type_name(left)
        )))
    }

    fn check_text_function(&self, name: &str, arguments: &[Expression]) -> Result<(), Refusal> {
        let text = |kind: Kind| matches!(kind, Kind::Of(kind) if edm(kind) == "Edm.String");
        let right = match arguments {
            [Expression::Path(path), Expression::Literal(Literal::Text(_))] => text(self.kind(path)?),
            _ => false,
        };
        if right {
            return Ok(());
        }
        Err(Refusal::query(format!("No function signature for the function with name '{name}' matches the arguments.")))
    }

    fn check_own_function(&self, plain: &Expression) -> Result<(), Refusal> {
        match plain {
            Expression::And(left, right) | Expression::Or(left, right) => {
                self.check_own_function(left)?;
                self.check_own_function(right)
            }
            Expression::Not(inner) => self.check_own_function(inner),
            Expression::Compare(comparison, left, right) => self.check_types(*comparison, left, right),
            Expression::Call(name, _) if name == HAS_OPTION => Ok(()),
            Expression::Call(name, arguments) => self.check_text_function(name, arguments),
            _ => Ok(()),
        }
    }
}

fn kind_of(table: &Table, name: &str) -> Result<Kind, Refusal> {
    if name == table.key || table.lookup_value(name).is_some() {
        return Ok(Kind::Guid);
    }
    if let Some(column) = table.columns.get(name) {
        return Ok(Kind::Of(column.kind));
    }
    table.navigation(name).map(|_| Kind::Row).ok_or_else(|| Refusal::no_property(&table.logical, name))
}

fn literal_fits(kind: Kind, literal: &Literal) -> bool {
    use ColumnKind::{Choice, Choices, Date, Decimal, Instant, Integer, LongText, Money, Text, YesNo};
    match (kind, literal) {
        (_, Literal::Null) => true,
        (Kind::Guid, literal) => matches!(literal, Literal::Guid(_)),
        (Kind::Row, _) => false,
        (Kind::Of(kind), Literal::Text(_) | Literal::Guid(_)) => matches!(kind, Text | LongText | Choices),
        (Kind::Of(kind), Literal::Number(_)) => matches!(kind, Choice | Integer | Decimal | Money),
        (Kind::Of(kind), Literal::Bool(_)) => kind == YesNo,
        (Kind::Of(kind), Literal::Instant(_) | Literal::Date(_)) => matches!(kind, Date | Instant),
    }
}

fn comparable(left: Kind, right: Kind) -> bool {
    match (left, right) {
        (Kind::Of(left), Kind::Of(right)) => edm(left) == edm(right) || (is_number(left) && is_number(right)),
        (left, right) => left == right,
    }
}

fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Choice | ColumnKind::Integer | ColumnKind::Decimal | ColumnKind::Money)
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Guid => "Edm.Guid",
        Kind::Of(kind) => edm(kind),
        Kind::Row => "Microsoft.Dynamics.CRM.crmbaseentity",
    }
}

fn literal_type(literal: &Literal) -> &'static str {
    match literal {
        Literal::Null => "null",
        Literal::Bool(_) => "Edm.Boolean",
        Literal::Number(_) => "Edm.Int32",
        Literal::Text(_) => "Edm.String",
        Literal::Guid(_) => "Edm.Guid",
        Literal::Instant(_) => "Edm.DateTimeOffset",
        Literal::Date(_) => "Edm.Date",
    }
}
