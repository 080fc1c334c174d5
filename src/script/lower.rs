//! From Rhai's syntax tree to ours. Whatever is not in the accepted subset is refused here.

use rhai::{Dynamic, Expr, FnCallExpr, Position, Stmt, StmtBlock};
use rust_decimal::Decimal;

use super::ops::{BinaryOp, without_negative_zero};
use super::refusal::{Refusal, Spot};
use super::syntax::{Kind, Let, Tree};
use crate::model::limits::ScriptLimits;

/// Lowers one text and gathers what is refused in it.
pub(super) struct Lowering<'a> {
    limits: &'a ScriptLimits,
    pub(super) refusals: Vec<Refusal>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(limits: &'a ScriptLimits) -> Self {
        Self { limits, refusals: Vec::new() }
    }

    fn refuse(&mut self, refusal: Refusal) -> Option<Tree> {
        self.refusals.push(refusal);
        None
    }

    /// A block: `let` statements and one expression at the end.
    pub(super) fn statements(&mut self, statements: &[Stmt], at: Position) -> Option<Tree> {
        let spot = Spot::at(at, 1);
        let mut lets = Vec::new();
        let mut complete = true;
        let meaningful: Vec<&Stmt> = statements.iter().filter(|s| !matches!(s, Stmt::Noop(_))).collect();
        let Some((last, before)) = meaningful.split_last() else {
            return self.refuse(Refusal::mismatch(spot, "this gives no value").help("end with an expression"));
        };
        for statement in before {
            match statement {
                Stmt::Var(var, _, _) => match self.binding(&var.0, &var.1) {
                    Some(one) => lets.push(one),
                    None => complete = false,
                },
                other => {
                    complete = false;
                    self.statement(other, true);
                }
            }
        }
        let result = self.statement(last, false)?;
        if !complete {
            return None;
        }
        if lets.is_empty() {
            return Some(result);
        }
        Some(Tree::new(Kind::Block { lets, result: Box::new(result) }, spot))
    }

    fn binding(&mut self, name: &rhai::Ident, value: &Expr) -> Option<Let> {
        let spot = Spot::at(name.pos, name.name.chars().count());
        if value.is_unit() && value.position().is_none() {
            let message = format!("`{}` is given no value", name.name);
            self.refuse(Refusal::forbidden(spot, message).help(format!("write `let {} = …;`", name.name)));
            return None;
        }
        let value = self.expression(value)?;
        Some(Let { name: name.name.to_string(), spot, value })
    }

    fn block(&mut self, block: &StmtBlock) -> Option<Tree> {
        self.statements(block.statements(), block.position())
    }

    /// A statement that gives a value; with `unused`, one whose value would be thrown away.
    fn statement(&mut self, statement: &Stmt, unused: bool) -> Option<Tree> {
        let before = self.refusals.len();
        let tree = match statement {
            Stmt::Expr(expression) => self.expression(expression),
            Stmt::FnCall(call, at) => self.call(call, *at),
            Stmt::Block(block) => self.block(block),
            Stmt::If(flow, at) => self.condition(flow, *at),
            other => self.forbidden_statement(other),
        };
        if unused && self.refusals.len() == before {
            let spot = Spot::at(statement.position(), 1);
            let refusal = Refusal::forbidden(spot, "the value of this expression is not used");
            return self.refuse(refusal.help("keep it with `let`, or remove it"));
        }
        tree
    }

    fn forbidden_statement(&mut self, statement: &Stmt) -> Option<Tree> {
        let (what, length, help) = match statement {
            Stmt::Var(..) => {
                let spot = Spot::at(statement.position(), 3);
                let refusal = Refusal::mismatch(spot, "this gives no value, it ends with a `let`");
                return self.refuse(refusal.help("end with an expression"));
            }
            Stmt::Assignment(parts) => {
                let spot = Spot::at(parts.1.lhs.start_position(), 1);
                let refusal = Refusal::forbidden(spot, "nothing can be assigned to");
                return self.refuse(refusal.help("give the new value a name of its own with `let`"));
            }
            Stmt::Return(_, flags, _) if flags.is_empty() => {
                ("return", 6, "the last expression is the result; choose with `if … else …`")
            }
            Stmt::Return(..) => ("throw", 5, "scripts fail only by arithmetic and limits"),
            Stmt::Switch(..) => ("switch", 6, "write `if … else if … else …`"),
            Stmt::While(..) | Stmt::Do(..) | Stmt::For(..) | Stmt::BreakLoop(..) => {
                ("loops", 1, "scripts have no loops; use the functions over sets")
            }
            Stmt::TryCatch(..) => ("try", 3, "test the operands with `if` instead"),
            _ => ("this statement", 1, "a script is `let` statements and one expression"),
        };
        self.not_allowed(what, statement.position(), length, help)
    }

    fn not_allowed(&mut self, what: &str, at: Position, length: usize, help: &str) -> Option<Tree> {
        let refusal = Refusal::forbidden(Spot::at(at, length), format!("`{what}` is not allowed in scripts"));
        self.refuse(refusal.help(help))
    }

    fn condition(&mut self, flow: &rhai::FlowControl, at: Position) -> Option<Tree> {
        let condition = self.expression(&flow.expr);
        let then = self.block(&flow.body);
        if flow.branch.is_empty() {
            let refusal = Refusal::mismatch(Spot::at(at, 2), "this `if` gives no value when its condition is false");
            return self.refuse(refusal.help("add `else { … }`"));
        }
        let otherwise = self.block(&flow.branch);
        let (condition, then, otherwise) = (Box::new(condition?), Box::new(then?), Box::new(otherwise?));
        Some(Tree::new(Kind::If { condition, then, otherwise }, Spot::at(at, 2)))
    }

    fn expression(&mut self, expression: &Expr) -> Option<Tree> {
        let at = expression.position();
        let leaf = |kind, length| Some(Tree::new(kind, Spot::at(at, length)));
        match expression {
            Expr::BoolConstant(b, _) => leaf(Kind::Boolean(*b), if *b { 4 } else { 5 }),
            Expr::IntegerConstant(i, _) => leaf(Kind::Integer(*i), i.to_string().len()),
            Expr::StringConstant(text, _) => self.text(text, at),
            Expr::DynamicConstant(value, _) => self.constant(value, at),
            Expr::Unit(_) => leaf(Kind::Absent, 2),
            Expr::Variable(..) | Expr::Dot(..) => self.path(expression),
            Expr::Stmt(block) => self.block(block),
            Expr::FnCall(call, _) => self.call(call, at),
            Expr::Array(items, _) => self.list(items, at).map(|i| Tree::new(Kind::List(i), Spot::at(at, 1))),
            Expr::And(items, _) => self.all(items).map(|i| Tree::new(Kind::And(i), Spot::at(at, 2))),
            Expr::Or(items, _) => self.all(items).map(|i| Tree::new(Kind::Or(i), Spot::at(at, 2))),
            Expr::Coalesce(items, _) => self.all(items).map(|i| Tree::new(Kind::Coalesce(i), Spot::at(at, 2))),
            other => self.forbidden_expression(other),
        }
    }

    fn forbidden_expression(&mut self, expression: &Expr) -> Option<Tree> {
        let (what, length, help) = match expression {
            Expr::CharConstant(..) => ("'…'", 3, "write the text in double quotes"),
            Expr::InterpolatedString(..) => ("`…`", 1, "join texts with `+`"),
            Expr::Map(..) => ("#{…}", 2, "scripts make no maps"),
            Expr::ThisPtr(..) => ("this", 4, "name the value"),
            Expr::Index(..) => ("[…]", 1, "scripts do not index; use `in`, `contains` and `len`"),
            _ => ("this expression", 1, "see the documentation of scripts"),
        };
        self.not_allowed(what, expression.start_position(), length, help)
    }

    fn text(&mut self, text: &str, at: Position) -> Option<Tree> {
        let spot = Spot::at(at, text.chars().count().saturating_add(2));
        if text.len() > self.limits.string_bytes {
            let limit = self.limits.string_bytes;
            return self.refuse(Refusal::too_large(spot, format!("the text is longer than {limit} bytes")));
        }
        Some(Tree::new(Kind::Text(text.to_owned()), spot))
    }

    fn constant(&mut self, value: &Dynamic, at: Position) -> Option<Tree> {
        let Ok(number) = value.as_decimal() else {
            return self.not_allowed("this constant", at, 1, "see the documentation of scripts");
        };
        let spot = Spot::at(at, number.to_string().len());
        if number.scale() == 0 && number.abs() > Decimal::from(i64::MAX) {
            let refusal = Refusal::mismatch(spot, format!("`{number}` is outside the range of an integer"));
            return self.refuse(refusal.help("write it with a decimal point to make it a decimal"));
        }
        Some(Tree::new(Kind::Decimal(without_negative_zero(number)), spot))
    }

    /// `a`, or `a.b.c`.
    fn path(&mut self, expression: &Expr) -> Option<Tree> {
        let mut names: Vec<&str> = Vec::new();
        let mut rest = expression;
        loop {
            rest = match rest {
                Expr::Dot(parts, flags, at) => {
                    if !flags.difference(rhai::ASTFlags::BREAK).is_empty() {
                        return self.not_allowed("?.", *at, 2, "write `.`; a path that may be absent reads as `()`");
                    }
                    match &parts.lhs {
                        Expr::Variable(name, ..) => names.push(&name.1),
                        Expr::Property(name, _) => names.push(&name.2),
                        other => return self.not_a_path(other),
                    }
                    &parts.rhs
                }
                Expr::Variable(name, ..) => break names.push(&name.1),
                Expr::Property(name, _) => break names.push(&name.2),
                Expr::MethodCall(call, at) => return self.method(call, *at, &names.join(".")),
                other => return self.not_a_path(other),
            };
        }
        let path = names.join(".");
        let spot = Spot::at(expression.start_position(), path.chars().count());
        Some(Tree::new(Kind::Name(path), spot))
    }

    fn not_a_path(&mut self, part: &Expr) -> Option<Tree> {
        if matches!(part, Expr::Index(..) | Expr::ThisPtr(..) | Expr::Map(..)) {
            return self.forbidden_expression(part);
        }
        let spot = Spot::at(part.start_position(), 1);
        let refusal = Refusal::forbidden(spot, "only the path of a fact may have a `.`");
        self.refuse(refusal.help("name the value with its dotted path"))
    }

    fn method(&mut self, call: &FnCallExpr, at: Position, object: &str) -> Option<Tree> {
        let name = call.name.as_str();
        let help = if call.args.is_empty() {
            format!("write `{name}({object})`")
        } else {
            format!("write `{name}({object}, …)`")
        };
        self.not_allowed(&format!(".{name}(…)"), at, name.chars().count(), &help)
    }

    fn list(&mut self, items: &[Expr], at: Position) -> Option<Vec<Tree>> {
        if items.len() > self.limits.array_elements {
            let limit = self.limits.array_elements;
            self.refuse(Refusal::too_large(Spot::at(at, 1), format!("the array has more than {limit} elements")));
            return None;
        }
        self.all(items)
    }

    fn all(&mut self, items: &[Expr]) -> Option<Vec<Tree>> {
        let trees: Vec<Option<Tree>> = items.iter().map(|item| self.expression(item)).collect();
        trees.into_iter().collect()
    }

    fn call(&mut self, call: &FnCallExpr, at: Position) -> Option<Tree> {
        let name = call.name.as_str();
        let spot = Spot::at(at, name.chars().count());
        if call.capture_parent_scope {
            return self.not_allowed("!(…)", at, 1, "functions see only their parameters");
        }
        let args = self.all(&call.args);
        if !call.is_operator_call() || name == "contains" {
            return Some(Tree::new(Kind::Call { name: name.to_owned(), args: args? }, spot));
        }
        let mut args = args?.into_iter();
        match (BinaryOp::of_symbol(name), name, args.next(), args.next()) {
            (Some(op), _, Some(left), Some(right)) => {
                Some(Tree::new(Kind::Binary(op, Box::new(left), Box::new(right)), spot))
            }
            (_, "!", Some(one), None) => Some(Tree::new(Kind::Not(Box::new(one)), spot)),
            (_, "-", Some(one), None) => Some(Tree::new(Kind::Negate(Box::new(one)), spot)),
            _ => self.not_allowed(name, at, name.len(), "see the documentation of scripts for the operators"),
        }
    }
}
