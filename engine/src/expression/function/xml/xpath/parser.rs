//! Tokens → [`Expr`], by recursive descent along the grammar of XPath 1.0.

use super::functions;
use super::lexer::{Token, tokens};
use super::syntax::{Axis, Expr, Operator, RANKS, Start, Step, Test};
use crate::expression::ExpressionError;

/// A longer expression was not written by hand.
const MOST_BYTES: usize = 16_384;

/// More brackets in brackets would let the parser run out of stack.
const MOST_LEVELS: usize = 50;

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.len() > MOST_BYTES {
        return Err(ExpressionError::new(format!("the XPath expression is longer than {MOST_BYTES} bytes")));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, level: 0 };
    let expr = parser.expr()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    level: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.at + 1)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, token: &Token) -> Result<(), ExpressionError> {
        if self.take(token) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> ExpressionError {
        let place = self.at + 1;
        ExpressionError::new(match self.peek() {
            Some(Token::Name(name)) => format!("`{name}` is out of place in the XPath expression"),
            Some(_) => format!("token {place} of the XPath expression is out of place"),
            None => "the XPath expression ends too early".to_owned(),
        })
    }

    /// Anything that may stand in brackets.
    fn expr(&mut self) -> Result<Expr, ExpressionError> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            let message = format!("the XPath expression is nested deeper than {MOST_LEVELS} brackets");
            return Err(ExpressionError::new(message));
        }
        let expr = self.chain(0);
        self.level -= 1;
        expr
    }

    /// Operands joined by operators of a rank.
    fn chain(&mut self, rank: usize) -> Result<Expr, ExpressionError> {
        if rank == RANKS {
            return self.negative();
        }
        let first = self.chain(rank + 1)?;
        let mut rest = Vec::new();
        while let Some(Token::Operator(operator)) = self.peek()
            && operator.rank() == rank
        {
            let operator = *operator;
            self.at += 1;
            rest.push((operator, self.chain(rank + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Chain(Box::new(first), rest) })
    }

    fn negative(&mut self) -> Result<Expr, ExpressionError> {
        let mut signs = 0_usize;
        while self.take(&Token::Operator(Operator::Subtract)) {
            signs += 1;
        }
        let operand = self.union()?;
        Ok(match signs {
            0 => operand,
            _ => Expr::Negative { odd: signs % 2 == 1, operand: Box::new(operand) },
        })
    }

    fn union(&mut self) -> Result<Expr, ExpressionError> {
        let first = self.path()?;
        if self.peek() != Some(&Token::Union) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(&Token::Union) {
            parts.push(self.path()?);
        }
        Ok(Expr::Union(parts))
    }

    fn path(&mut self) -> Result<Expr, ExpressionError> {
        if self.starts_filter() {
            return self.filter();
        }
        let mut steps = Vec::new();
        let start = match self.peek() {
            Some(Token::Slashes) => {
                self.at += 1;
                steps.push(any_depth());
                Start::Root
            }
            Some(Token::Slash) => {
                self.at += 1;
                if !self.starts_step() {
                    return Ok(Expr::Path(Start::Root, steps));
                }
                Start::Root
            }
            _ => Start::Context,
        };
        steps.push(self.step()?);
        self.further_steps(&mut steps)?;
        Ok(Expr::Path(start, steps))
    }

    /// Whether what follows is a value, and no step of a path.
    fn starts_filter(&self) -> bool {
        match self.peek() {
            Some(Token::Number(_) | Token::Text(_) | Token::Open) => true,
            Some(Token::Name(name)) => self.peek_second() == Some(&Token::Open) && !is_node_type(name),
            Some(Token::Prefixed(..)) => self.peek_second() == Some(&Token::Open),
            _ => false,
        }
    }

    fn starts_step(&self) -> bool {
        matches!(
            self.peek(),
            Some(Token::Name(_) | Token::Prefixed(..) | Token::Star | Token::At | Token::Dot | Token::Parent)
        )
    }

    /// A value, predicates about it, and steps from it.
    fn filter(&mut self) -> Result<Expr, ExpressionError> {
        let value = self.primary()?;
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        self.further_steps(&mut steps)?;
        if predicates.is_empty() && steps.is_empty() {
            return Ok(value);
        }
        Ok(Expr::Path(Start::Filtered(Box::new(value), predicates), steps))
    }

    fn primary(&mut self) -> Result<Expr, ExpressionError> {
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Text(text)) => Ok(Expr::Text(text)),
            Some(Token::Open) => {
                let expr = self.expr()?;
                self.require(&Token::Close)?;
                Ok(expr)
            }
            Some(Token::Name(name)) => self.call(&name),
            Some(Token::Prefixed(prefix, name)) => {
                Err(ExpressionError::new(format!("there is no XPath function `{prefix}:{name}`")))
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Expr, ExpressionError> {
        self.require(&Token::Open)?;
        let mut values = Vec::new();
        if !self.take(&Token::Close) {
            loop {
                values.push(self.expr()?);
                if !self.take(&Token::Comma) {
                    break;
                }
            }
            self.require(&Token::Close)?;
        }
        let core = functions::find(name)
            .ok_or_else(|| ExpressionError::new(format!("there is no function `{name}` in XPath 1.0")))?;
        core.check_count(values.len())?;
        Ok(Expr::Call(core, values))
    }

    fn further_steps(&mut self, steps: &mut Vec<Step>) -> Result<(), ExpressionError> {
        loop {
            if self.take(&Token::Slashes) {
                steps.push(any_depth());
            } else if !self.take(&Token::Slash) {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Result<Step, ExpressionError> {
        if self.take(&Token::Dot) {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() });
        }
        if self.take(&Token::Parent) {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        let axis = self.axis()?;
        let test = self.test()?;
        let predicates = self.predicates()?;
        Ok(Step { axis, test, predicates })
    }

    fn axis(&mut self) -> Result<Axis, ExpressionError> {
        if self.take(&Token::At) {
            return Ok(Axis::Attribute);
        }
        let Some(Token::Name(name)) = self.peek() else { return Ok(Axis::Child) };
        if self.peek_second() != Some(&Token::Axis) {
            return Ok(Axis::Child);
        }
        let axis =
            Axis::named(name).ok_or_else(|| ExpressionError::new(format!("there is no axis `{name}` in XPath 1.0")))?;
        self.at += 2;
        Ok(axis)
    }

    fn test(&mut self) -> Result<Test, ExpressionError> {
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Star) => Ok(Test::Any),
            Some(Token::Name(name)) if self.peek() == Some(&Token::Open) => self.node_type(&name),
            Some(Token::Name(name)) => Ok(Test::Name(name)),
            Some(Token::Prefixed(prefix, local)) if prefix == "xml" => {
                Ok(Test::Xml(Some(local).filter(|local| local != "*")))
            }
            Some(Token::Prefixed(prefix, local)) => Err(unknown_prefix(&prefix, &local)),
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn node_type(&mut self, name: &str) -> Result<Test, ExpressionError> {
        self.require(&Token::Open)?;
        let target = match self.peek() {
            Some(Token::Text(target)) if name == "processing-instruction" => Some(target.clone()),
            _ => None,
        };
        self.at += usize::from(target.is_some());
        self.require(&Token::Close)?;
        match name {
            "node" => Ok(Test::Node),
            "text" => Ok(Test::Text),
            "comment" => Ok(Test::Comment),
            "processing-instruction" => Ok(Test::Instruction(target)),
            _ => Err(ExpressionError::new(format!("`{name}()` cannot be a step of a path"))),
        }
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, ExpressionError> {
        let mut predicates = Vec::new();
        while self.take(&Token::OpenPredicate) {
            predicates.push(self.expr()?);
            self.require(&Token::ClosePredicate)?;
        }
        Ok(predicates)
    }
}

/// What `//` stands for.
fn any_depth() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

fn unknown_prefix(prefix: &str, local: &str) -> ExpressionError {
    ExpressionError::new(format!("the prefix `{prefix}` is not known in XPath expressions"))
        .help(format!("write `*[local-name()='{local}']`, which finds it whatever its namespace"))
}
