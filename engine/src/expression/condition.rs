//! Conditions in structured form: `all`, `any`, `not`, and comparisons of two values.
//!
//! The meaning is that of the condition objects of Power Automate: `all` and `any` stop at the first
//! answer, an empty `all` is true, and a comparison is the function of that name.

use serde_json::Value;

use super::function::{self, Args, Compute};
use super::{Expression, ExpressionError, Operand, Scope};

/// A condition, understood.
#[derive(Debug, Clone)]
pub enum Condition {
    /// True when none of them is false.
    All(Vec<Condition>),
    /// True when one of them is true.
    Any(Vec<Condition>),
    /// True when it is false.
    Not(Box<Condition>),
    /// True when the value is; anything but true or false is an error.
    Truth(Expression),
    /// Whether a value is null, "", [] or {}.
    Empty(Expression),
    /// A comparison of two values.
    Compare(Comparison, Expression, Expression),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same value; numbers by value.
    Equals,
    /// Two numbers, or two texts.
    Greater,
    /// Two numbers, or two texts.
    GreaterOrEquals,
    /// Two numbers, or two texts.
    Less,
    /// Two numbers, or two texts.
    LessOrEquals,
    /// A text holds a text, a list holds a value, an object has a key.
    Contains,
    /// Without regard to case.
    StartsWith,
    /// Without regard to case.
    EndsWith,
}

impl Comparison {
    /// The comparison's key in a file.
    pub fn name(self) -> &'static str {
        match self {
            Comparison::Equals => "equals",
            Comparison::Greater => "greater",
            Comparison::GreaterOrEquals => "greater_or_equals",
            Comparison::Less => "less",
            Comparison::LessOrEquals => "less_or_equals",
            Comparison::Contains => "contains",
            Comparison::StartsWith => "starts_with",
            Comparison::EndsWith => "ends_with",
        }
    }

    /// The function of the library that says whether it holds.
    fn function(self) -> Compute {
        match self {
            Comparison::Equals => function::equals,
            Comparison::Greater => function::greater,
            Comparison::GreaterOrEquals => function::greater_or_equals,
            Comparison::Less => function::less,
            Comparison::LessOrEquals => function::less_or_equals,
            Comparison::Contains => function::contains,
            Comparison::StartsWith => function::starts_with,
            Comparison::EndsWith => function::ends_with,
        }
    }

    fn holds(self, values: &[Operand<'_>; 2], scope: &dyn Scope) -> Result<bool, ExpressionError> {
        let named = |error: ExpressionError| ExpressionError {
            message: format!("`{}`: {}", self.name(), error.message),
            ..error
        };
        let holds = self.function()(&Args::new(values, scope)).map_err(named)?;
        Ok(holds.json() == Some(&Value::Bool(true)))
    }
}

impl Condition {
    /// The condition that always holds.
    pub fn always() -> Condition {
        Condition::All(Vec::new())
    }

    /// Every value in it.
    pub fn expressions<'c>(&'c self, visit: &mut dyn FnMut(&'c Expression)) {
        match self {
            Condition::All(conditions) | Condition::Any(conditions) => {
                conditions.iter().for_each(|condition| condition.expressions(visit));
            }
            Condition::Not(condition) => condition.expressions(visit),
            Condition::Truth(value) | Condition::Empty(value) => visit(value),
            Condition::Compare(_, left, right) => {
                visit(left);
                visit(right);
            }
        }
    }

    /// Whether the condition holds.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, ExpressionError> {
        match self {
            Condition::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(condition) => Ok(!condition.holds(scope)?),
            Condition::Truth(value) => {
                let value = value.operand(scope)?;
                value.json().and_then(Value::as_bool).ok_or_else(|| {
                    ExpressionError::new(format!("a condition must be true or false, and this is {}", value.kind()))
                })
            }
            Condition::Empty(value) => Ok(value.operand(scope)?.json().is_some_and(is_empty)),
            Condition::Compare(how, left, right) => how.holds(&[left.operand(scope)?, right.operand(scope)?], scope),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Comparison, Condition};
    use crate::expression::{Expression, NamedValues, Operand};

    #[test]
    fn comparisons_are_those_of_the_condition_objects() {
        use Comparison::{Contains, EndsWith, Equals, Greater, GreaterOrEquals, Less, LessOrEquals, StartsWith};
        let cases: &[(Comparison, Value, Value, Option<bool>)] = &[
            (Equals, json!(4), json!(4.0), Some(true)),
            (Equals, json!("a"), json!("A"), Some(false)),
            (Equals, json!(true), json!(1), Some(false)),
            (Equals, json!({"a": [1]}), json!({"a": [1.0]}), Some(true)),
            (Equals, json!(null), json!(""), Some(false)),
            (Greater, json!(2), json!(1.5), Some(true)),
            (Greater, json!("b"), json!("a"), Some(true)),
            (Greater, json!("a"), json!(1), None),
            (GreaterOrEquals, json!(2), json!(2), Some(true)),
            (Less, json!(1), json!(1), Some(false)),
            (LessOrEquals, json!(1), json!(1), Some(true)),
            (Contains, json!("abc"), json!("bc"), Some(true)),
            (Contains, json!([1, 2]), json!(2), Some(true)),
            (Equals, json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64), Some(false)),
            (Equals, json!(true), json!("true"), Some(true)),
            (Contains, json!({"k": 1}), json!("k"), Some(true)),
            (Contains, json!(5), json!(5), None),
            (StartsWith, json!("Deal"), json!("de"), Some(true)),
            (EndsWith, json!("Deal"), json!("AL"), Some(true)),
            (EndsWith, json!(null), json!("AL"), None),
        ];
        for (how, left, right, expected) in cases {
            let values = [Operand::Borrowed(left), Operand::Borrowed(right)];
            assert_eq!(how.holds(&values, &NamedValues::default()).ok(), *expected, "{how:?} {left} {right}");
        }
    }

    #[test]
    fn all_and_any_stop_at_the_first_answer() {
        let literal = |value: Value| Expression::Literal(value);
        let yes = || Condition::Empty(literal(json!([])));
        let no = || Condition::Empty(literal(json!("x")));
        let wrong = || Condition::Compare(Comparison::Greater, literal(json!(null)), literal(json!(1)));
        let cases = [
            (Condition::All(vec![]), Some(true)),
            (Condition::Any(vec![]), Some(false)),
            (Condition::All(vec![no(), wrong()]), Some(false)),
            (Condition::Any(vec![yes(), wrong()]), Some(true)),
            (Condition::All(vec![yes(), wrong()]), None),
            (Condition::Not(Box::new(no())), Some(true)),
        ];
        for (condition, expected) in cases {
            assert_eq!(condition.holds(&NamedValues::default()).ok(), expected, "{condition:?}");
        }
    }
}
