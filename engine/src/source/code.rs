//! What kind of problem was found: a name that stays the same when its text gets better.

use std::fmt;

/// What kind of problem it is, for programs that read problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A mistake of no other kind.
    Invalid,
    /// A key that does not belong where it stands.
    UnknownKey,
    /// A step that is not there, or does not stand where it could be waited for.
    UnknownStep,
    /// An operation or a trigger that no connector has.
    UnknownOperation,
    /// A flow that is not there, or cannot be run by another one.
    UnknownFlow,
    /// A mapping that is not there.
    UnknownMapping,
    /// A parameter that the pack does not declare.
    UnknownParameter,
    /// A variable that the flow does not declare.
    UnknownVariable,
    /// A loop that the step does not stand in.
    UnknownLoop,
    /// An input that the operation or the flow does not have.
    UnknownInput,
    /// An input that is needed and not given.
    MissingInput,
    /// A field that is never there.
    UnknownField,
    /// A root that does not exist where it is read.
    UnknownRoot,
    /// A value of another kind than is wanted.
    WrongType,
    /// A path, a template or an expression that can never be worked out.
    Expression,
    /// A step that may not have ended when it is read.
    NotBefore,
    /// Two forms of values in one string.
    TwoForms,
    /// Steps that can never run.
    NeverRuns,
    /// More than Power Automate allows.
    Limit,
    /// A value that may be missing where it is read.
    MayBeMissing,
    /// A handler after which a failure looks like a success.
    HiddenFailure,
    /// Text that looks like a value and is taken as it stands.
    LookAlike,
    /// A flow that gives no answer, though its answer is read.
    NoAnswer,
}

impl Code {
    /// The name that programs see.
    pub fn name(self) -> &'static str {
        match self {
            Code::Invalid => "invalid",
            Code::UnknownKey => "unknown-key",
            Code::UnknownStep => "unknown-step",
            Code::UnknownOperation => "unknown-operation",
            Code::UnknownFlow => "unknown-flow",
            Code::UnknownMapping => "unknown-mapping",
            Code::UnknownParameter => "unknown-parameter",
            Code::UnknownVariable => "unknown-variable",
            Code::UnknownLoop => "unknown-loop",
            Code::UnknownInput => "unknown-input",
            Code::MissingInput => "missing-input",
            Code::UnknownField => "unknown-field",
            Code::UnknownRoot => "unknown-root",
            Code::WrongType => "wrong-type",
            Code::Expression => "expression",
            Code::NotBefore => "not-before",
            Code::TwoForms => "two-forms",
            Code::NeverRuns => "never-runs",
            Code::Limit => "limit",
            Code::MayBeMissing => "may-be-missing",
            Code::HiddenFailure => "hidden-failure",
            Code::LookAlike => "look-alike",
            Code::NoAnswer => "no-answer",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
