//! Tokens into an expression, by precedence climbing.
//!
//! From loose to tight: `or`, `and`, `not`, comparison. Lambdas (`team/any(t:t/email eq 'x')`)
//! and functions (`contains(name,'x')`) are operands.

use std::collections::HashMap;

use super::ODataError;
use super::lexer::{Literal, Token, syntax, tokens};

/// Deeper nesting is refused, so that no input can exhaust the stack.
const DEEPEST: usize = 64;

/// More operators are refused: a long chain of them is as deep a tree. The services stop here too.
const MOST_OPERATORS: usize = 500;

/// A parsed `$filter`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// A constant.
    Literal(Literal),
    /// `a/b/c`
    Path(Vec<String>),
    /// `not x`
    Not(Box<Expression>),
    /// `a and b`
    And(Box<Expression>, Box<Expression>),
    /// `a or b`
    Or(Box<Expression>, Box<Expression>),
    /// `a eq b` and its kin
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// `a in (1,2)`
    In(Box<Expression>, Vec<Expression>),
    /// `contains(a,'x')` and its kin
    Call(String, Vec<Expression>),
    /// `Microsoft.Dynamics.CRM.In(PropertyName='a',PropertyValues=['1'])`: each argument with its values
    Function(String, Vec<(String, Vec<Literal>)>),
    /// `items/any(i:…)`; without a body it asks whether there is any item at all
    Lambda {
        /// The collection.
        path: Vec<String>,
        /// `all` and not `any`.
        all: bool,
        /// The variable and the condition on it.
        body: Option<(String, Box<Expression>)>,
    },
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// The values that `@name` stands for, as they were sent.
pub(crate) type Aliases = HashMap<String, String>;

/// Parses a `$filter`.
pub(crate) fn parse_filter(text: &str, aliases: &Aliases) -> Result<Expression, ODataError> {
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0, operators: 0, aliases };
    let expression = parser.expression(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.error("an operator or the end")),
    }
}

/// Parses one constant, as it stands in a key: `'ABC'` or a GUID.
pub(crate) fn parse_literal(text: &str) -> Result<Literal, ODataError> {
    match tokens(text)?.as_slice() {
        [(_, Token::Literal(literal))] => Ok(literal.clone()),
        _ => Err(syntax(text, 0, "one literal")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    operators: usize,
    aliases: &'a Aliases,
}

impl Parser<'_> {
    /// Reads an operand and every operator that binds at least as tightly as `floor`.
    fn expression(&mut self, floor: u8) -> Result<Expression, ODataError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ODataError::TooDeep(DEEPEST));
        }
        let mut left = self.operand()?;
        while let Some((operator, power)) = self.operator().filter(|(_, power)| *power >= floor) {
            self.next += 1;
            self.operators += 1;
            if self.operators > MOST_OPERATORS {
                return Err(ODataError::TooLong(MOST_OPERATORS));
            }
            left = self.apply(operator, power, left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, u8)> {
        let Some(Token::Name(name)) = self.peek() else {
            return None;
        };
        Some(match name.as_str() {
            "or" => (Operator::Or, 1),
            "and" => (Operator::And, 2),
            "in" => (Operator::In, 3),
            name => (Operator::Compare(comparison(name)?), 3),
        })
    }

    fn apply(&mut self, operator: Operator, power: u8, left: Expression) -> Result<Expression, ODataError> {
        let left = Box::new(left);
        if let Operator::In = operator {
            self.expect(&Token::Open, "`(`")?;
            return Ok(Expression::In(left, self.arguments()?));
        }
        let right = Box::new(self.expression(power + 1)?);
        Ok(match operator {
            Operator::Or => Expression::Or(left, right),
            Operator::And => Expression::And(left, right),
            Operator::Compare(comparison) => Expression::Compare(comparison, left, right),
            Operator::In => Expression::In(left, vec![*right]),
        })
    }

    fn operand(&mut self) -> Result<Expression, ODataError> {
        match self.take() {
            Some(Token::Literal(literal)) => Ok(Expression::Literal(literal)),
            Some(Token::Alias(name)) => match self.alias(&name)?.as_slice() {
                [literal] => Ok(Expression::Literal(literal.clone())),
                _ => Err(self.error("one value")),
            },
            Some(Token::Open) => {
                let inner = self.expression(0)?;
                self.expect(&Token::Close, "`)`")?;
                Ok(inner)
            }
            // The whole comparison after `not` is negated, with or without parentheses around it.
            Some(Token::Name(name)) if name == "not" => Ok(Expression::Not(Box::new(self.expression(3)?))),
            Some(Token::Name(name)) => self.named(name),
            _ => {
                self.next = self.next.saturating_sub(1);
                Err(self.error("an operand"))
            }
        }
    }

    /// What begins with a name: a function, a path, or a path that ends in a lambda.
    fn named(&mut self, name: String) -> Result<Expression, ODataError> {
        if self.skip(&Token::Open) {
            let named = matches!(self.tokens.get(self.next + 1), Some((_, Token::Equals)));
            return match named {
                true => Ok(Expression::Function(name, self.named_arguments()?)),
                false => Ok(Expression::Call(name, self.arguments()?)),
            };
        }
        // An option of an enumeration comes with the name of its type before it.
        if name.contains('.')
            && let Some(Token::Literal(literal @ Literal::Text(_))) = self.peek().cloned()
        {
            self.next += 1;
            return Ok(Expression::Literal(literal));
        }
        let mut path = vec![name];
        while self.skip(&Token::Slash) {
            let Some(Token::Name(part)) = self.take() else {
                return Err(self.error("a property name"));
            };
            if (part == "any" || part == "all") && self.skip(&Token::Open) {
                return self.lambda(path, part == "all");
            }
            path.push(part);
        }
        Ok(Expression::Path(path))
    }

    fn lambda(&mut self, path: Vec<String>, all: bool) -> Result<Expression, ODataError> {
        if self.skip(&Token::Close) {
            return Ok(Expression::Lambda { path, all, body: None });
        }
        let Some(Token::Name(variable)) = self.take() else {
            return Err(self.error("a variable"));
        };
        self.expect(&Token::Colon, "`:`")?;
        let condition = Box::new(self.expression(0)?);
        self.expect(&Token::Close, "`)`")?;
        Ok(Expression::Lambda { path, all, body: Some((variable, condition)) })
    }

    /// A comma list up to and with the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expression>, ODataError> {
        let mut arguments = Vec::new();
        if self.skip(&Token::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            if self.skip(&Token::Close) {
                return Ok(arguments);
            }
            self.expect(&Token::Comma, "`,` or `)`")?;
        }
    }

    /// `name=value` pairs up to and with the closing parenthesis; a value may be a list.
    fn named_arguments(&mut self) -> Result<Vec<(String, Vec<Literal>)>, ODataError> {
        let mut arguments = Vec::new();
        loop {
            let Some(Token::Name(name)) = self.take() else {
                return Err(self.error("the name of an argument"));
            };
            self.expect(&Token::Equals, "`=`")?;
            arguments.push((name, self.values()?));
            if self.skip(&Token::Close) {
                return Ok(arguments);
            }
            self.expect(&Token::Comma, "`,` or `)`")?;
        }
    }

    fn values(&mut self) -> Result<Vec<Literal>, ODataError> {
        match self.take() {
            Some(Token::Literal(literal)) => Ok(vec![literal]),
            Some(Token::Alias(name)) => self.alias(&name),
            Some(Token::OpenList) => self.list(),
            _ => Err(self.error("a value")),
        }
    }

    /// The rest of a list whose bracket is read.
    fn list(&mut self) -> Result<Vec<Literal>, ODataError> {
        let mut literals = Vec::new();
        while !self.skip(&Token::CloseList) {
            if !literals.is_empty() {
                self.expect(&Token::Comma, "`,` or `]`")?;
            }
            let Some(Token::Literal(literal)) = self.take() else {
                return Err(self.error("a value"));
            };
            literals.push(literal);
        }
        Ok(literals)
    }

    /// What an alias stands for. Its value is a value or a list, and no alias again.
    fn alias(&self, name: &str) -> Result<Vec<Literal>, ODataError> {
        let text = self.aliases.get(name).ok_or_else(|| ODataError::UnknownAlias(name.to_owned()))?;
        let no_aliases = Aliases::new();
        let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0, operators: 0, aliases: &no_aliases };
        let values = parser.values()?;
        if parser.peek().is_some() { Err(parser.error("the end")) } else { Ok(values) }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn skip(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &Token, expected: &'static str) -> Result<(), ODataError> {
        if self.skip(wanted) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn error(&self, expected: &'static str) -> ODataError {
        let at = self.tokens.get(self.next).map_or(self.text.len(), |(at, _)| *at);
        syntax(self.text, at, expected)
    }
}

enum Operator {
    Or,
    And,
    In,
    Compare(Comparison),
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "eq" => Comparison::Equal,
        "ne" => Comparison::NotEqual,
        "gt" => Comparison::Greater,
        "ge" => Comparison::GreaterOrEqual,
        "lt" => Comparison::Less,
        "le" => Comparison::LessOrEqual,
        _ => return None,
    })
}
