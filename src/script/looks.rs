//! Whether a script looks into a value, or only asks whether it is given and whether it equals another.

use std::collections::BTreeSet;

use super::ir::Node;

/// Whether the result may depend on what the values of these slots are.
pub(super) fn into(node: &Node, slots: &BTreeSet<usize>) -> bool {
    let any = |nodes: &[Node]| nodes.iter().any(|node| into(node, slots));
    // Values of these slots, and nothing, may be compared with one another.
    let one_of_them = |node: &Node| match node {
        Node::Read(slot) => slots.contains(slot),
        Node::Absent => true,
        _ => false,
    };
    match node {
        // Taken as a value: what becomes of it is not followed.
        Node::Read(slot) => slots.contains(slot),
        Node::Constant(_) | Node::Absent | Node::Local(_) => false,
        Node::Block { lets, result } => lets.iter().any(|(_, node)| into(node, slots)) || into(result, slots),
        Node::If { condition, then, otherwise } => {
            into(condition, slots) || into(then, slots) || into(otherwise, slots)
        }
        Node::And(items) | Node::Or(items) | Node::Coalesce(items) => any(items),
        Node::Not(one) | Node::Negate(one) => into(one, slots),
        Node::IsAbsent { value, .. } => !one_of_them(value) && into(value, slots),
        Node::Binary(op, left, right) if op.is_equality() && one_of_them(left) && one_of_them(right) => false,
        Node::Binary(_, left, right) => into(left, slots) || into(right, slots),
        Node::AnyOf { list, item } if one_of_them(item) && list.iter().all(one_of_them) => false,
        Node::AnyOf { list, item } => any(list) || into(item, slots),
        Node::Host(_, items) => any(items),
        // The functions of a library read nothing but their arguments.
        Node::Call(_, args) => any(args),
    }
}
