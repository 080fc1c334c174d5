//! Checked bundle → program: for each kind its facts, predicates, blocks and what follows from each rule.

use std::sync::Arc;

use crate::bundle::checked::{Bundle, Effect, Expression, FactIx, Kind, Operand, Rule, RuleIx, Table};
use crate::decide::Shapes;
use crate::model::decision::{INFORMATION_MISSING, Outcome};
use crate::model::value::{Type, Value};
use crate::script::NodeIx;

use super::blocks::{Alternative, Builder, Group, alternatives};
use super::check::{Check, Periods, Predicate, check, periods};
use super::combine::Why;
use super::diagram::Diagram;
use super::facts::FactTable;
use super::implied::Compared;
use super::keys::Keys;
use super::measures::{Measure, measures};
use super::names::CodeBook;
use super::native::Closures;
use super::normal::{Alternatives, Normal, both};
use super::scan::Reading;
use super::slots::Request;
use super::sources::{Compute, Gate, Inlined, Scripts, compute, compute_script};
use super::view::DERIVED;
use super::waits::Remembered;

/// What follows from a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// See [`Effect::Permit`].
    Permit,
    /// See [`Effect::Deny`].
    Deny,
    /// See [`Effect::Refer`].
    Refer,
    /// The condition of an [`Effect::Ask`] is not met.
    Unmet,
    /// [`Effect::Attach`] of obligations to a permit.
    Oblige,
    /// Any other [`Effect::Attach`].
    Attach(Outcome),
}

impl Follows {
    /// Whether results and obligations of the rule belong to a decision with this outcome.
    pub fn carries(self, outcome: Outcome) -> bool {
        match self {
            Self::Permit | Self::Oblige => outcome == Outcome::Permit,
            Self::Deny => outcome == Outcome::Deny,
            Self::Refer => outcome == Outcome::Refer,
            Self::Unmet => false,
            Self::Attach(on) => on == outcome,
        }
    }
}

/// A result of a rule.
#[derive(Debug)]
pub enum ResultValue {
    /// As written.
    Constant(Value),
    /// The value of a fact.
    Fact(usize),
    /// Computed.
    Compute(Compute),
    /// What only the interpreter can tell.
    Beyond,
}

/// A result of a rule.
#[derive(Debug)]
pub struct RuleResult {
    /// Its name.
    pub name: Arc<str>,
    /// The place of its name among those of the bundle.
    pub rank: usize,
    /// Its value.
    pub value: ResultValue,
}

/// What a rule comes to.
#[derive(Debug)]
pub struct RuleProgram {
    /// The rule of the bundle.
    pub ix: RuleIx,
    /// What follows.
    pub follows: Follows,
    /// The rank of its reason.
    rank: usize,
    /// Its results, by name.
    pub results: Vec<RuleResult>,
    /// Whether it has obligations.
    pub has_obligations: bool,
}

impl RuleProgram {
    /// The rule as it was checked.
    pub fn bundle_rule<'b>(&self, bundle: &'b Bundle) -> Option<&'b Rule> {
        bundle.rules.get(self.ix.0)
    }
}

/// A row of a table.
#[derive(Debug)]
pub struct TableRow {
    /// All pass.
    pub tests: Vec<(usize, Check)>,
    /// When it holds.
    pub periods: Periods,
    /// A value for each column.
    pub values: Vec<Value>,
}

/// How a derived fact is found.
#[derive(Debug)]
pub struct DerivedFact {
    /// Its script.
    pub compute: Compute,
    /// The fact whose value it is, where the script does nothing else.
    pub copy_of: Option<usize>,
}

/// A compiled kind.
#[derive(Debug)]
pub struct KindProgram {
    /// Its facts.
    pub table: FactTable,
    /// The keys of its requests.
    pub keys: Keys,
    /// How each fact is read.
    pub readings: Vec<Reading>,
    /// Derived facts, in order.
    pub derived: Vec<Option<DerivedFact>>,
    /// What scripts compute.
    pub scripts: Scripts,
    /// What is computed while a request is decided.
    pub closures: Closures,
    /// Tables of the bundle.
    pub tables: Vec<Option<Box<[TableRow]>>>,
    /// What conditions are made of.
    pub predicates: Vec<Predicate>,
    /// Facts that predicates test in several ways.
    pub measures: Vec<Arc<Measure>>,
    /// What makes a request contradict itself.
    pub contradictions: Group,
    /// The rules.
    pub rules_group: Group,
    /// What follows from them.
    rules: Vec<RuleProgram>,
    /// Whether an ask, or what is attached to one, has obligations or results.
    pub asks_carry: bool,
    waiting_rank: usize,
    diagram: Option<Diagram>,
    /// What rules wait for.
    pub waits: Remembered,
}

impl KindProgram {
    /// A rule, by its position in the kind.
    pub fn rule(&self, at: u32) -> Option<&RuleProgram> {
        self.rules.get(usize::try_from(at).ok()?)
    }

    /// The last step, when nothing is added any more.
    fn finish(&mut self) {
        let conditions = self.predicates.iter().filter_map(|predicate| match predicate {
            Predicate::Script(compute) => Some(compute),
            Predicate::Fact(local, _) => self.computed(*local).map(|derived| &derived.compute),
            _ => None,
        });
        let results = self.rules.iter().flat_map(|rule| &rule.results).filter_map(|result| match &result.value {
            ResultValue::Compute(compute) => Some(compute),
            _ => None,
        });
        let derived = self.derived.iter().flatten().map(|derived| &derived.compute);
        let nodes = |compute: &Compute| {
            let may_fail: Vec<NodeIx> = compute.gate.may_fail.iter().map(|(node, _)| *node).collect();
            may_fail.into_iter().chain([compute.root])
        };
        let all: Vec<NodeIx> = conditions.chain(results).chain(derived).flat_map(nodes).collect();
        self.scripts.graph.settle(all);
        if !self.is_indexed() {
            self.measures = measures(self);
        }
        self.closures = Closures::new(self);
        self.diagram = Diagram::new(self);
    }

    /// What follows from what a request states: facts that take their value from another one, and the groups of all.
    #[inline]
    pub fn settle(&self, request: &mut Request) {
        request.took = self.table.take(&mut request.facts);
        request.open = self.closures.open(&request.facts);
        if let Some(diagram) = self.diagram() {
            diagram.looks.numbers(&request.facts, &mut request.numbers);
        }
    }

    /// How a fact is computed; `None` for one that is stated, or that only the interpreter finds.
    pub fn computed(&self, local: usize) -> Option<&DerivedFact> {
        self.derived.get(local.checked_sub(self.table.stated)?)?.as_ref()
    }

    /// The stated fact that a derived one is a copy of, and those where it is missing if one of them is open.
    pub fn copied(&self, local: usize) -> Option<(usize, &[usize])> {
        let DerivedFact { copy_of, compute } = self.computed(local)?;
        let (fact, gate) = ((*copy_of)?, &compute.gate);
        let all_stated = gate.facts.iter().chain([&fact]).all(|fact| *fact < self.table.stated);
        (gate.needs_facts_only && all_stated).then_some((fact, &gate.facts))
    }

    /// Whether its rules are found by a fact.
    pub fn is_indexed(&self) -> bool {
        !self.contradictions.index.is_empty() || !self.rules_group.index.is_empty()
    }

    /// The rules as a diagram; `None` where they are found by a fact.
    pub fn diagram(&self) -> Option<&Diagram> {
        self.diagram.as_ref()
    }

    /// The rules, by position.
    pub fn rules(&self) -> impl Iterator<Item = &RuleProgram> {
        self.rules.iter()
    }

    /// A result of a rule.
    pub fn result(&self, rule: u32, number: u32) -> Option<&RuleResult> {
        self.rule(rule)?.results.get(usize::try_from(number).ok()?)
    }

    /// The order of reasons.
    pub fn rank(&self, why: Why) -> (usize, Option<RuleIx>) {
        let rule = why.rule.and_then(|at| self.rule(at));
        let rank = if why.waits { self.waiting_rank } else { rule.map_or(0, |rule| rule.rank) };
        (rank, rule.map(|rule| rule.ix))
    }
}

/// Compiles a kind; `None` for one that is left to the interpreter.
pub fn compile_kind(bundle: &Bundle, shapes: &Shapes, kind: &Kind, book: &mut CodeBook) -> Option<KindProgram> {
    let mut table = FactTable::new(bundle, kind, book)?;
    if kind.derived.len() > DERIVED {
        return None;
    }
    let readings =
        table.in_order().into_iter().map(|ix| Reading::new(bundle, kind, ix, &table)).collect::<Option<Vec<_>>>()?;
    let mut scripts = Scripts::default();
    let derived = derived(bundle, kind, &mut table, &mut scripts);
    let mut normal = Normal::new(bundle, &table, &mut scripts);
    // A contradiction that may hold says nothing.
    normal.only_sure = true;
    let mut against = Vec::new();
    for (at, contradiction) in (0_u32..).zip(&kind.contradictions) {
        let all = normal.condition(&contradiction.when, true).unwrap_or_else(|| normal.beyond());
        against.extend(alternatives(at, all));
    }
    normal.only_sure = false;
    let (mut all, mut rules, mut asks_carry) = (Vec::new(), Vec::with_capacity(kind.rules.len()), false);
    for (at, ix) in (0_u32..).zip(&kind.rules) {
        let rule = bundle.rules.get(ix.0)?;
        let own = rule_condition(&mut normal, rule).unwrap_or_else(|| normal.beyond());
        let compared =
            Compared { table: &table, graph: &normal.scripts.graph, derived: &derived, predicates: &normal.predicates };
        all.extend(alternatives(at, compared.without_implied(own)));
        let carries = !rule.obligations.is_empty() || !rule.results.is_empty();
        match &rule.effect {
            Effect::Ask(..) if !rule.results.is_empty() => return None,
            Effect::Ask(..) | Effect::Attach(Outcome::NeedsInformation) => asks_carry |= carries,
            _ => {}
        }
        rules.push(rule_program(bundle, &table, normal.scripts, *ix, rule));
    }
    let mut predicates = normal.predicates;
    let (contradictions, rules_group) = groups(&table, &mut predicates, against, all);
    let rank = |code: &str| bundle.reasons.get(code).map_or(usize::MAX, |def| def.rank);
    let tables = bundle.tables.iter().map(|own| rows(bundle, &table, own)).collect();
    let keys = Keys::of_kind(shapes.get(&kind.name)?, &table)?;
    let waiting_rank = rank(INFORMATION_MISSING);
    let mut made = KindProgram {
        table,
        keys,
        readings,
        derived,
        scripts,
        closures: Closures::default(),
        measures: Vec::new(),
        tables,
        predicates,
        contradictions,
        rules_group,
        rules,
        asks_carry,
        waiting_rank,
        diagram: None,
        waits: Remembered::default(),
    };
    made.finish();
    Some(made)
}

/// Scripts of derived facts, in order; those that are constant are told to the ones after them.
fn derived(bundle: &Bundle, kind: &Kind, table: &mut FactTable, scripts: &mut Scripts) -> Vec<Option<DerivedFact>> {
    let one = |ix: &FactIx| {
        let derived = bundle.fact(*ix)?.derived.as_ref()?;
        let made = compute_script(bundle, table, scripts, &derived.script, &derived.reads)?;
        if let (Some(value), Some(local)) = (made.constant.clone(), table.local(*ix)) {
            table.set_constant(local, value);
        }
        if let (Some(local), [], []) = (table.local(*ix), made.gate.rows.as_slice(), made.gate.settings.as_slice())
            && table.codes_of(local).is_none()
        {
            let Gate { facts, may_fail, .. } = made.gate.clone();
            scripts.derived.insert(local, Inlined { root: made.root, facts, may_fail });
        }
        let copy_of = made.copies.filter(|from| table.has_same_values(bundle, *ix, *from));
        if copy_of.is_some_and(|fact| table.is_at_hand(fact)) {
            table.set_copy(table.local(*ix)?);
        }
        Some(DerivedFact { compute: made, copy_of })
    };
    kind.derived.iter().map(one).collect()
}

fn groups(
    table: &FactTable,
    predicates: &mut [Predicate],
    against: Vec<Alternative>,
    all: Vec<Alternative>,
) -> (Group, Group) {
    let builder = Builder::new(table, predicates);
    let (contradictions, rules) = (builder.group(against, &[]), builder.group(all, &[]));
    let in_columns: Vec<bool> = (0..predicates.len()).map(|at| builder.has_column(at)).collect();
    for (predicate, _) in predicates.iter_mut().zip(in_columns).filter(|(_, is)| *is) {
        *predicate = Predicate::Beyond;
    }
    (contradictions, rules)
}

/// The alternatives under which a rule holds; `None` when there are too many.
pub(super) fn rule_condition(normal: &mut Normal<'_>, rule: &Rule) -> Option<Alternatives> {
    let when = periods(normal.table, &rule.effective, &rule.retired)?;
    let in_force = normal.applies(&when)?;
    let mut all = both(&in_force, &normal.condition(&rule.when, true)?)?;
    if let Effect::Ask(needed, _) = &rule.effect {
        all = both(&all, &normal.condition(needed, false)?)?;
    }
    Some(all)
}

fn rule_program(bundle: &Bundle, table: &FactTable, scripts: &mut Scripts, ix: RuleIx, rule: &Rule) -> RuleProgram {
    let (follows, code) = match &rule.effect {
        Effect::Permit(code) => (Follows::Permit, Some(code)),
        Effect::Deny(code) => (Follows::Deny, Some(code)),
        Effect::Refer(code) => (Follows::Refer, Some(code)),
        Effect::Ask(_, code) => (Follows::Unmet, Some(code)),
        Effect::Attach(Outcome::Permit) if !rule.obligations.is_empty() => (Follows::Oblige, None),
        Effect::Attach(on) => (Follows::Attach(*on), None),
    };
    let rank = code.and_then(|code| bundle.reasons.get(code)).map_or(usize::MAX, |def| def.rank);
    let result = |(name, value): (&Arc<str>, &Expression)| RuleResult {
        name: Arc::clone(name),
        rank: bundle.results.keys().take_while(|known| *known < name).count(),
        value: result_value(bundle, table, scripts, value),
    };
    let results = rule.results.iter().map(result).collect();
    let has_obligations = !rule.obligations.is_empty();
    RuleProgram { ix, follows, rank, results, has_obligations }
}

fn result_value(bundle: &Bundle, table: &FactTable, scripts: &mut Scripts, value: &Expression) -> ResultValue {
    match value {
        Expression::Constant(value) => ResultValue::Constant(value.clone()),
        Expression::Script { script, reads, .. } => {
            if let ([Operand::Fact(ix)], true) = (reads.as_slice(), script.reads() == [script.text().trim().to_owned()])
            {
                let same = bundle
                    .fact(*ix)
                    .is_some_and(|fact| fact.type_ == *script.type_() && !matches!(fact.type_, Type::Set(_)));
                if let Some(local) = table.local(*ix).filter(|local| same && *local < table.stated) {
                    return ResultValue::Fact(local);
                }
            }
            compute(bundle, table, scripts, value).map_or(ResultValue::Beyond, ResultValue::Compute)
        }
    }
}

fn rows(bundle: &Bundle, table: &FactTable, own: &Table) -> Option<Box<[TableRow]>> {
    let one = |row: &crate::bundle::checked::Row| {
        let tests = row.tests.iter().map(|(ix, test)| {
            let local = table.local(*ix)?;
            Some((local, check(bundle, table, local, test)?))
        });
        let tests = tests.collect::<Option<_>>()?;
        let periods = periods(table, row.effective.as_slice(), &row.retired)?;
        Some(TableRow { tests, periods, values: row.values.clone() })
    };
    own.rows.iter().map(one).collect()
}
