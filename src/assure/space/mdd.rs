//! Decision diagrams over variables with finitely many classes: shared, ordered, reduced; edges are runs of classes, so
//! a variable with thousands of classes costs only where something changes. Leaves are small numbers.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// A node, or a leaf with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

const LEAF: u32 = 1 << 31;

impl Id {
    /// The leaf with this number.
    #[must_use]
    pub const fn leaf(number: u32) -> Self {
        Self(number | LEAF)
    }

    /// The number, if it is a leaf.
    #[must_use]
    pub const fn number(self) -> Option<u32> {
        if self.0 & LEAF == 0 { None } else { Some(self.0 & !LEAF) }
    }
}

/// Nowhere.
pub const NO: Id = Id::leaf(0);
/// Everywhere.
pub const YES: Id = Id::leaf(1);

/// Truth values as leaves: the semantics of conditions has four.
pub mod truth {
    use super::Id;
    /// It does not hold.
    pub const FALSE: Id = Id::leaf(0);
    /// It could not be evaluated.
    pub const FAILED: Id = Id::leaf(1);
    /// It depends on what is not known.
    pub const UNKNOWN: Id = Id::leaf(2);
    /// It holds.
    pub const TRUE: Id = Id::leaf(3);
}

/// What combines two leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Truth: all hold.
    All,
    /// Truth: one holds. Numbers: the greater.
    Max,
    /// Regions: both.
    And,
    /// Regions: one of them.
    Or,
    /// Regions: exactly one of them; leaves: they differ.
    Differ,
    /// Leaves: they are equal.
    Is,
    /// The state of a table's look-up, and the truth of its next row.
    Row(u32),
}

impl Op {
    fn leaf(self, a: u32, b: u32) -> u32 {
        match self {
            Self::All => match (a, b) {
                (0, _) | (_, 0) => 0,
                (2, _) | (_, 2) => 2,
                (1, _) | (_, 1) => 1,
                _ => 3,
            },
            Self::Max => a.max(b),
            Self::And => u32::from(a != 0 && b != 0),
            Self::Or => u32::from(a != 0 || b != 0),
            Self::Differ => u32::from(a != b),
            Self::Is => u32::from(a == b),
            Self::Row(row) => super::table::step(a, b, row),
        }
    }

    /// What is known without looking below.
    fn shortcut(self, a: Id, b: Id) -> Option<Id> {
        use truth::{FALSE, TRUE};
        match self {
            Self::All if a == FALSE || b == FALSE => Some(FALSE),
            Self::All if a == TRUE || a == b => Some(b),
            Self::All if b == TRUE => Some(a),
            Self::Max if a == NO || a == b => Some(b),
            Self::Max if b == NO => Some(a),
            Self::And if a == NO || b == NO => Some(NO),
            Self::And if a == YES || a == b => Some(b),
            Self::And if b == YES => Some(a),
            Self::Or if a == YES || b == YES => Some(YES),
            Self::Or if a == NO || a == b => Some(b),
            Self::Or if b == NO => Some(a),
            Self::Differ if a == b => Some(NO),
            Self::Is if a == b => Some(YES),
            _ => None,
        }
    }

    /// Whether one side is enough to know.
    fn decides(self, id: Id) -> bool {
        match self {
            Self::All => id == truth::FALSE,
            Self::And => id == NO,
            Self::Or => id == YES,
            _ => false,
        }
    }

    fn commutes(self) -> bool {
        !matches!(self, Self::Row(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    var: u32,
    /// For each run of classes: the class after its last, and what is below.
    runs: Arc<[(u32, Id)]>,
}

/// All diagrams of one space.
#[derive(Debug)]
pub struct Mdd {
    nodes: Vec<Node>,
    known: HashMap<Node, Id>,
    applied: HashMap<(Op, Id, Id), Id>,
    chosen: HashMap<(Id, Id, Id), Id>,
    most: usize,
    exceeded: bool,
}

impl Mdd {
    /// Diagrams of at most so many nodes in all.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.min(usize::try_from(LEAF).unwrap_or(usize::MAX).saturating_sub(1));
        Self {
            nodes: Vec::new(),
            known: HashMap::default(),
            applied: HashMap::default(),
            chosen: HashMap::default(),
            most,
            exceeded: false,
        }
    }

    /// Whether the bound was met; then every diagram made since is meaningless.
    #[must_use]
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn node(&self, id: Id) -> Option<&Node> {
        if id.number().is_some() { None } else { self.nodes.get(usize::try_from(id.0).ok()?) }
    }

    /// The variable a diagram looks at first; none for a leaf.
    #[must_use]
    pub fn var(&self, id: Id) -> Option<u32> {
        self.node(id).map(|node| node.var)
    }

    /// The runs of a node: the class after the last of each, and what is below.
    #[must_use]
    pub fn runs(&self, id: Id) -> &[(u32, Id)] {
        self.node(id).map(|node| &*node.runs).unwrap_or_default()
    }

    /// A diagram that looks at `var`, whose classes lead where `runs` says. What is below must look at later variables.
    pub fn make(&mut self, var: u32, runs: impl IntoIterator<Item = (u32, Id)>) -> Id {
        let mut merged: Vec<(u32, Id)> = Vec::new();
        for (upto, id) in runs {
            match merged.last_mut() {
                Some(last) if last.1 == id => last.0 = upto,
                _ => merged.push((upto, id)),
            }
        }
        if let [(_, only)] = merged.as_slice() {
            return *only;
        }
        let node = Node { var, runs: merged.into() };
        if let Some(id) = self.known.get(&node) {
            return *id;
        }
        if self.exceeded || self.nodes.len() >= self.most {
            self.exceeded = true;
            return NO;
        }
        let Ok(at) = u32::try_from(self.nodes.len()) else { return NO };
        self.nodes.push(node.clone());
        self.known.insert(node, Id(at));
        Id(at)
    }

    /// A diagram that gives a leaf for each class of one variable.
    pub fn leaves(&mut self, var: u32, leaves: impl IntoIterator<Item = Id>) -> Id {
        self.make(var, (1_u32..).zip(leaves))
    }

    fn top(&self, ids: &[Id]) -> Option<u32> {
        ids.iter().filter_map(|id| self.var(*id)).min()
    }

    /// The runs of a diagram as seen from `var`: its own, or itself for every class.
    fn seen(&self, id: Id, var: u32) -> Arc<[(u32, Id)]> {
        match self.node(id) {
            Some(node) if node.var == var => Arc::clone(&node.runs),
            _ => Arc::new([(u32::MAX, id)]),
        }
    }

    /// Combines two diagrams leaf by leaf.
    pub fn apply(&mut self, op: Op, a: Id, b: Id) -> Id {
        if self.exceeded {
            return NO;
        }
        if let Some(known) = op.shortcut(a, b) {
            return known;
        }
        if let (Some(a), Some(b)) = (a.number(), b.number()) {
            return Id::leaf(op.leaf(a, b));
        }
        let (a, b) = if op.commutes() && b < a { (b, a) } else { (a, b) };
        if let Some(known) = self.applied.get(&(op, a, b)) {
            return *known;
        }
        let Some(var) = self.top(&[a, b]) else { return NO };
        let (left, right) = (self.seen(a, var), self.seen(b, var));
        let mut runs = Vec::with_capacity(left.len().min(right.len()));
        let ends = |runs: &[(u32, Id)]| runs.last().map_or(0, |(upto, _)| *upto);
        let end = ends(&left).min(ends(&right));
        let (mut i, mut j) = (0, 0);
        while let (Some((x_upto, x)), Some((y_upto, y))) = (left.get(i).copied(), right.get(j).copied()) {
            // Where one side decides, the runs of the other do not matter.
            let upto = if op.decides(x) {
                x_upto
            } else if op.decides(y) {
                y_upto
            } else {
                x_upto.min(y_upto)
            };
            let upto = upto.min(end);
            let below = self.apply(op, x, y);
            runs.push((upto, below));
            if upto == end {
                break;
            }
            (i, j) = (i.saturating_add(before(&left, i, upto)), j.saturating_add(before(&right, j, upto)));
        }
        let made = self.make(var, runs);
        self.applied.insert((op, a, b), made);
        made
    }

    /// `yes` where `region` is, `no` elsewhere.
    pub fn choose(&mut self, region: Id, yes: Id, no: Id) -> Id {
        if self.exceeded {
            return NO;
        }
        match region.number() {
            Some(0) => return no,
            Some(_) => return yes,
            None if yes == no => return yes,
            None => {}
        }
        if let Some(known) = self.chosen.get(&(region, yes, no)) {
            return *known;
        }
        let Some(var) = self.top(&[region, yes, no]) else { return NO };
        let parts = [self.seen(region, var), self.seen(yes, var), self.seen(no, var)];
        let mut runs = Vec::new();
        for (upto, parts) in together(&[&parts[0], &parts[1], &parts[2]]) {
            let [x, y, z] = parts.as_slice() else { continue };
            let below = self.choose(*x, *y, *z);
            runs.push((upto, below));
        }
        let made = self.make(var, runs);
        self.chosen.insert((region, yes, no), made);
        made
    }

    /// Where a diagram has this leaf.
    pub fn is(&mut self, id: Id, leaf: Id) -> Id {
        self.apply(Op::Is, id, leaf)
    }

    /// Everywhere but there.
    pub fn not(&mut self, region: Id) -> Id {
        self.choose(region, NO, YES)
    }

    /// The negation of a truth.
    pub fn negate(&mut self, id: Id) -> Id {
        let (yes, no) = (self.is(id, truth::TRUE), self.is(id, truth::FALSE));
        let rest = self.choose(no, truth::TRUE, id);
        self.choose(yes, truth::FALSE, rest)
    }

    /// Combines many, in halves, so that what is small stays small.
    pub fn fold(&mut self, op: Op, mut all: Vec<Id>, empty: Id) -> Id {
        while all.len() > 1 {
            all = all
                .chunks(2)
                .map(|pair| match pair {
                    [a, b] => self.apply(op, *a, *b),
                    [a] => *a,
                    _ => empty,
                })
                .collect();
        }
        all.pop().unwrap_or(empty)
    }

    /// A diagram with other leaves.
    pub fn relabel(&mut self, id: Id, leaf: &mut dyn FnMut(u32) -> Id) -> Id {
        let mut done = HashMap::default();
        self.relabel_with(id, leaf, &mut done)
    }

    fn relabel_with(&mut self, id: Id, leaf: &mut dyn FnMut(u32) -> Id, done: &mut HashMap<Id, Id>) -> Id {
        if let Some(number) = id.number() {
            return leaf(number);
        }
        if let Some(known) = done.get(&id) {
            return *known;
        }
        let (var, runs) = (self.var(id).unwrap_or_default(), self.runs(id).to_vec());
        let below: Vec<(u32, Id)> =
            runs.into_iter().map(|(upto, id)| (upto, self.relabel_with(id, leaf, done))).collect();
        let made = self.make(var, below);
        done.insert(id, made);
        made
    }

    /// One way into a region: for each variable that matters on it, a class; `None` for an empty region.
    #[must_use]
    pub fn pick(&self, region: Id) -> Option<Vec<(u32, u32)>> {
        let (mut at, mut path) = (region, Vec::new());
        while at.number().is_none() {
            let (mut from, mut next) = (0, None);
            for (upto, below) in self.runs(at) {
                if *below != NO {
                    next = Some((from, *below));
                    break;
                }
                from = *upto;
            }
            let (class, below) = next?;
            path.push((self.var(at)?, class));
            at = below;
        }
        (at != NO).then_some(path)
    }

    /// The same, by chance.
    pub fn pick_among(&self, region: Id, dice: &mut super::sample::Dice) -> Option<Vec<(u32, u32)>> {
        let (mut at, mut path) = (region, Vec::new());
        while at.number().is_none() {
            let (mut from, mut ways) = (0, Vec::new());
            for (upto, below) in self.runs(at) {
                if *below != NO {
                    ways.push((from, *upto, *below));
                }
                from = *upto;
            }
            let (from, upto, below) = *dice.of(&ways)?;
            let within = dice.up_to(u64::from(upto.saturating_sub(from)));
            let class = from.saturating_add(u32::try_from(within).unwrap_or(0));
            path.push((self.var(at)?, class));
            at = below;
        }
        (at != NO).then_some(path)
    }

    /// What a region is for one class of one variable.
    pub fn restrict(&mut self, region: Id, var: u32, class: u32) -> Id {
        let mut done = HashMap::default();
        self.restrict_with(region, var, class, &mut done)
    }

    fn restrict_with(&mut self, id: Id, var: u32, class: u32, done: &mut HashMap<Id, Id>) -> Id {
        match self.var(id) {
            Some(own) if own == var => {
                self.runs(id).iter().find(|(upto, _)| class < *upto).map_or(NO, |(_, below)| *below)
            }
            Some(own) if own < var => {
                if let Some(known) = done.get(&id) {
                    return *known;
                }
                let runs = self.runs(id).to_vec();
                let below: Vec<(u32, Id)> =
                    runs.into_iter().map(|(upto, id)| (upto, self.restrict_with(id, var, class, done))).collect();
                let made = self.make(own, below);
                done.insert(id, made);
                made
            }
            _ => id,
        }
    }

    /// The variables that some of these diagrams look at.
    #[must_use]
    pub fn support(&self, ids: impl IntoIterator<Item = Id>) -> BTreeSet<u32> {
        let (mut out, mut seen) = (BTreeSet::new(), HashSet::default());
        let mut open: Vec<Id> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            let Some(node) = self.node(id).filter(|_| seen.insert(id)) else { continue };
            out.insert(node.var);
            open.extend(node.runs.iter().map(|(_, below)| *below));
        }
        out
    }

    /// The leaf that an assignment of all variables leads to.
    #[must_use]
    pub fn evaluate(&self, mut id: Id, class: &dyn Fn(u32) -> u32) -> u32 {
        loop {
            if let Some(number) = id.number() {
                return number;
            }
            let class = class(self.var(id).unwrap_or_default());
            match self.runs(id).iter().find(|(upto, _)| class < *upto) {
                Some((_, below)) => id = *below,
                None => return 0,
            }
        }
    }
}

/// How many runs from a position on end before a class.
fn before(runs: &[(u32, Id)], at: usize, class: u32) -> usize {
    let rest = runs.get(at..).unwrap_or_default();
    match rest.first() {
        Some((upto, _)) if *upto > class => 0,
        _ => rest.partition_point(|(upto, _)| *upto <= class),
    }
}

/// Walks several lists of runs together.
fn together(all: &[&[(u32, Id)]]) -> Vec<(u32, Vec<Id>)> {
    let mut positions = vec![0_usize; all.len()];
    let mut out = Vec::new();
    loop {
        let now: Option<Vec<(u32, Id)>> = all.iter().zip(&positions).map(|(runs, at)| runs.get(*at).copied()).collect();
        let Some(now) = now else { return out };
        let Some(upto) = now.iter().map(|(upto, _)| *upto).min() else { return out };
        out.push((upto, now.iter().map(|(_, id)| *id).collect()));
        // A diagram that does not look at the variable goes on to the end; the others end together.
        let mut ended = true;
        for ((end, _), at) in now.iter().zip(&mut positions) {
            if *end == upto {
                *at = at.saturating_add(1);
            } else if *end != u32::MAX {
                ended = false;
            }
        }
        if ended && all.iter().zip(&positions).all(|(runs, at)| runs.get(*at).is_none_or(|(end, _)| *end == u32::MAX)) {
            return out;
        }
    }
}
