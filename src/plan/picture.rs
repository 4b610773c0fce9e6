//! The DAG as a picture to draw: stages as nodes, the segment that commits together as a frame around its stages.

use super::Plan;
use crate::draw::{Edge, Frame, Node, Picture};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use std::collections::BTreeMap;

/// Counts to write on the picture, by stage name: how many ads left it.
pub type Flowing = BTreeMap<String, i64>;

/// The picture of a plan, with counts on its edges where `flowing` has them.
pub fn picture(plan: &Plan, flowing: &Flowing) -> Picture {
    let order = plan.ordered();
    let position = |node: NodeIndex| order.iter().position(|other| *other == node).unwrap_or_default();
    let nodes = order.iter().map(|node| draw_node(plan, *node)).collect();
    let edges = plan.graph.edge_references().map(|edge| Edge {
        from: position(edge.source()),
        to: position(edge.target()),
        label: flowing.get(&plan.graph[edge.source()].name).map(|count| thousands(*count)),
    });
    let segment = plan.segment().into_iter().map(position).collect();
    let sources = if plan.flows.len() == 1 { "1 source".to_owned() } else { format!("{} sources", plan.flows.len()) };
    Picture {
        title: format!("{} · pipeline {} · {sources}", plan.tenant.slug, plan.pipeline),
        nodes,
        edges: edges.collect(),
        frames: vec![Frame { label: "segment: commits as one".to_owned(), nodes: segment }],
    }
}

fn draw_node(plan: &Plan, index: NodeIndex) -> Node {
    let node = &plan.graph[index];
    let label = match &node.source {
        Some(source) => format!("{} {source}", node.kind.name()),
        None => node.kind.name().to_owned(),
    };
    Node { id: node.name.clone(), label, detail: node.explain.iter().take(3).cloned().collect(), kind: node.kind.name().to_owned() }
}

/// `4812` as `4,812`.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_parted() {
        assert_eq!([0, 999, 1000, 1_234_567, -4812].map(thousands), ["0", "999", "1,000", "1,234,567", "-4,812"]);
    }
}
