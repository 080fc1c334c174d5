//! The Rhai engine, built from nothing: no packages, no modules, every limit set.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rhai::{
    AST, Array, Dynamic, Engine, EvalAltResult, LexError, OptimizationLevel, ParseError, ParseErrorType, Position,
    Scope,
};

use super::convert::{SetOf, from_dynamic, to_dynamic};
use super::error::ScriptError;
use super::host;
use super::ops::{self, BinaryOp};
use super::refusal::{Refusal, RefusalCode, Spot};
use crate::model::limits::ScriptLimits;
use crate::model::{Date, Duration, Timestamp, Value};

type Outcome = Result<Dynamic, Box<EvalAltResult>>;

/// Words that Rhai knows and scripts may not use.
const FORBIDDEN: [&str; 29] = [
    "while",
    "loop",
    "for",
    "do",
    "until",
    "break",
    "continue",
    "switch",
    "return",
    "throw",
    "try",
    "catch",
    "import",
    "export",
    "eval",
    "print",
    "debug",
    "Fn",
    "call",
    "curry",
    "type_of",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "this",
    "global",
    "async",
    "await",
    "yield",
];

/// One engine, shared by the scripts of a bundle.
#[derive(Debug)]
pub(super) struct Sandbox {
    engine: Engine,
    pub(super) limits: ScriptLimits,
}

impl Sandbox {
    pub(super) fn new(limits: &ScriptLimits) -> Self {
        // The seed can be set once; a second engine finds it set already.
        let _ = rhai::config::hashing::set_hashing_seed(Some([0x636c, 0x6175, 0x7361, 0x6c]));
        let mut engine = Engine::new_raw();
        engine
            .set_optimization_level(OptimizationLevel::None)
            .set_allow_looping(false)
            .set_allow_anonymous_fn(false)
            .set_allow_shadowing(false)
            .set_fail_on_invalid_map_property(true)
            .set_fast_operators(false);
        for word in FORBIDDEN {
            engine.disable_symbol(word);
        }
        set_limits(&mut engine, limits);
        register(&mut engine, limits.string_bytes);
        Self { engine, limits: limits.clone() }
    }

    /// Parses a text within the limits.
    pub(super) fn parse(&self, text: &str) -> Result<AST, Refusal> {
        if text.len() > self.limits.text_bytes {
            let limit = self.limits.text_bytes;
            let start = Spot { line: 1, column: 1, length: 1 };
            return Err(Refusal::too_large(start, format!("the script has more than {limit} bytes")));
        }
        match catch_unwind(AssertUnwindSafe(|| self.engine.compile(text))) {
            Ok(parsed) => parsed.map_err(|error| self.refusal(&error)),
            Err(_) => {
                let start = Spot { line: 1, column: 1, length: 1 };
                Err(Refusal::new(RefusalCode::ScriptSyntax, start, "the script cannot be parsed"))
            }
        }
    }

    fn refusal(&self, error: &ParseError) -> Refusal {
        let position = error.position();
        let at = |length| Spot::at(position, length);
        match error.err_type() {
            ParseErrorType::ExprTooDeep => {
                let depth = self.limits.expression_depth;
                Refusal::too_large(at(1), format!("the expression is nested more than {depth} levels deep"))
                    .help("name parts of it with `let`, or move them to a function")
            }
            ParseErrorType::LiteralTooLarge(..) | ParseErrorType::BadInput(LexError::StringTooLong(_)) => {
                Refusal::too_large(at(1), "a literal is too long")
            }
            ParseErrorType::BadInput(LexError::UnexpectedInput(word) | LexError::ImproperSymbol(word, _))
            | ParseErrorType::Reserved(word)
                if word == "|" || FORBIDDEN.contains(&word.as_str()) =>
            {
                Refusal::forbidden(at(word.chars().count()), format!("`{word}` is not allowed in scripts"))
                    .help("a script is `let` statements and one expression")
            }
            ParseErrorType::WrongFnDefinition => {
                Refusal::forbidden(at(2), "functions are defined only at the top of a file of `scripts/`")
            }
            ParseErrorType::VariableExists(name) => {
                Refusal::forbidden(at(name.chars().count()), format!("`{name}` is already defined"))
                    .help("choose another name")
            }
            other => Refusal::new(RefusalCode::ScriptSyntax, at(1), sentence(&other.to_string())),
        }
    }

    /// Runs what was parsed here; a panic inside Rhai does not escape.
    pub(super) fn run(&self, scope: &mut Scope<'_>, ast: &AST) -> Result<Option<Value>, ScriptError> {
        let run = || self.engine.eval_ast_with_scope::<Dynamic>(scope, ast);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(value)) => from_dynamic(value),
            Ok(Err(error)) => Err(failure(*error)),
            Err(_) => Err(ScriptError::internal("the interpreter panicked")),
        }
    }
}

/// Rhai's messages begin with a capital letter.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn failure(error: EvalAltResult) -> ScriptError {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => failure(*inner),
        EvalAltResult::ErrorRuntime(value, _) => {
            value.try_cast::<ScriptError>().unwrap_or_else(|| ScriptError::internal("an untyped error"))
        }
        EvalAltResult::ErrorTooManyOperations(_) => ScriptError::Limit { what: "operations" },
        EvalAltResult::ErrorStackOverflow(_) => ScriptError::Limit { what: "call levels" },
        EvalAltResult::ErrorTooManyVariables(_) => ScriptError::Limit { what: "variables" },
        EvalAltResult::ErrorDataTooLarge(..) => ScriptError::Limit { what: "size" },
        other => ScriptError::internal(other.to_string()),
    }
}

/// What a script itself may use is bounded when it is loaded, exactly and by our own count. These bounds stand behind
/// that: they count what Rhai counts (facts in scope, statements), so they are wider.
fn set_limits(engine: &mut Engine, limits: &ScriptLimits) {
    engine
        .set_max_expr_depths(limits.expression_depth, limits.expression_depth)
        .set_max_call_levels(limits.call_levels)
        .set_max_operations(limits.operations.saturating_mul(8))
        .set_max_variables(limits.variables.saturating_add(limits.text_bytes))
        .set_max_functions(10_000)
        .set_max_string_size(limits.string_bytes.max(16 << 20))
        .set_max_array_size(limits.array_elements.max(limits.text_bytes))
        .set_max_map_size(limits.text_bytes.max(1 << 16));
}

fn raise(error: ScriptError) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

fn present(value: Dynamic) -> Result<Value, Box<EvalAltResult>> {
    let value = from_dynamic(value).map_err(raise)?;
    value.ok_or_else(|| raise(ScriptError::internal("an absent value was used")))
}

fn register(engine: &mut Engine, text_limit: usize) {
    for op in BinaryOp::ARITHMETIC {
        engine.register_fn(op.symbol(), move |a: Dynamic, b: Dynamic| -> Outcome {
            let result = ops::binary(op, &present(a)?, &present(b)?, text_limit).map_err(raise)?;
            Ok(to_dynamic(&result))
        });
    }
    register_comparisons::<Date>(engine, Value::Date);
    register_comparisons::<Timestamp>(engine, Value::Timestamp);
    register_comparisons::<Duration>(engine, Value::Duration);
    engine
        .register_fn("-", |a: Dynamic| -> Outcome { ops::negate(&present(a)?).map(|v| to_dynamic(&v)).map_err(raise) });
    engine.register_fn("!", |a: bool| !a);
    for function in host::all() {
        match function.params.len() {
            1 => engine.register_fn(function.name, |a: Dynamic| -> Outcome {
                function.call(&[&present(a)?]).map(|v| to_dynamic(&v)).map_err(raise)
            }),
            _ if function.name == "contains" => engine.register_fn(function.name, contains),
            _ => engine.register_fn(function.name, |a: Dynamic, b: Dynamic| -> Outcome {
                function.call(&[&present(a)?, &present(b)?]).map(|v| to_dynamic(&v)).map_err(raise)
            }),
        };
    }
}

/// Comparisons of numbers, texts and booleans are Rhai's own.
fn register_comparisons<T: Clone + Send + Sync + 'static>(engine: &mut Engine, wrap: fn(T) -> Value) {
    for op in BinaryOp::COMPARISONS {
        engine.register_fn(op.symbol(), move |a: T, b: T| -> Outcome {
            ops::binary(op, &wrap(a), &wrap(b), 0).map(|v| to_dynamic(&v)).map_err(raise)
        });
    }
}

/// `item in [a, b]` and `item in set`.
fn contains(list: Dynamic, item: Dynamic) -> Outcome {
    let item = present(item)?;
    if let Some(set) = list.read_lock::<SetOf>() {
        return Ok(Dynamic::from_bool(set.0.contains(&item)));
    }
    let list = list.try_cast::<Array>().ok_or_else(|| raise(ops::misplaced("contains")))?;
    let mut found = false;
    for one in list {
        found |= ops::equal(&present(one)?, &item);
    }
    Ok(Dynamic::from_bool(found))
}
