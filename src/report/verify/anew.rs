//! What a workspace says where a report claims something: the report made anew, as it says that it was made.

use serde::Serialize;
use serde_json::Value;

use super::{Evidence, VerifyError, kind_of, read};
use crate::analysis::{
    Description, Loss, Question, check_all, describe, describe_live, drain, drill, options, test_policies,
};
use crate::report::header::{Include, Remedied};
use crate::report::{
    BeyondReport, CertificateReport, CheckReport, ClusterExplanation, DecisionReport, DescriptionReport, DrainReport,
    DrillReport, ExplanationReport, OptionsReport, PlacementReport, PolicyTestsReport, SimulationReport,
};
use crate::simulation::simulate;
use crate::workspace::{LoadError, LookupError, Outcome, PlaceOptions, Workspace};

/// What is found instead of a claim, or why there is no such thing.
pub(super) fn made(
    workspace: &Workspace,
    evidence: &Evidence,
    claim: &Value,
) -> Result<Result<Value, String>, VerifyError> {
    let no_claim = |reason| Err(VerifyError::NoClaim { kind: kind_of(claim).to_owned(), reason });
    let found = match kind_of(claim) {
        "Decision" => decision(workspace, read(claim, "decision")?, claim),
        "PlacementReport" => placement(workspace, &read(claim, "placement report")?),
        "Explanation" => explanation(workspace, &read(claim, "explanation")?),
        "CheckReport" => {
            let claimed: CheckReport = read(claim, "check")?;
            let include = Include::NOTHING.quarantined(claimed.quarantined.is_some());
            Ok(value(&CheckReport::new(workspace, &check_all(workspace), include)))
        }
        "Certificate" => {
            let _: CertificateReport = read(claim, "certificate")?;
            Ok(certified(workspace))
        }
        "BeyondReport" => {
            let _: BeyondReport = read(claim, "list of what runs beyond")?;
            Ok(certified(workspace))
        }
        "DrillReport" => drilled(workspace, &read(claim, "drill")?),
        "DrainReport" => {
            let claimed: DrainReport = read(claim, "drain")?;
            drain(workspace, claimed.cluster.as_str()).map(|plan| value(&DrainReport::new(workspace, &plan)))
        }
        "OptionsReport" => remaining(workspace, &read(claim, "report of options")?),
        "Description" => return described(workspace, evidence, &read(claim, "description")?),
        "PolicyTestsReport" => {
            let _: PolicyTestsReport = read(claim, "report of policy tests")?;
            return tested(workspace, evidence);
        }
        "SimulationReport" => {
            let _: SimulationReport = read(claim, "report of scenarios")?;
            return simulated(workspace, evidence);
        }
        "DiffReport" => return Err(VerifyError::OneSide),
        "Catalog" => {
            return no_claim("it does not say what was searched for, and is printed anew as fast as it is compared");
        }
        "ErrorReport" => return no_claim("it is about manifests that cannot be loaded, so there is nothing to ask"),
        "VerificationReport" => return no_claim("verify anew what it is about"),
        other => return Err(VerifyError::Kind(other.to_owned())),
    };
    Ok(found.map_err(|error| error.to_string()))
}

/// Reports are plain data, so writing them cannot fail. Numbers are as they are when they are read from text, as a claim
/// is.
pub(super) fn value<T: Serialize>(report: &T) -> Value {
    serde_json::to_string(report).and_then(|text| serde_json::from_str(&text)).unwrap_or_default()
}

fn certified(workspace: &Workspace) -> Value {
    CertificateReport::new(workspace).map_or_else(|beyond| value(&beyond), |report| value(&report))
}

fn address(decision: &DecisionReport) -> String {
    format!("{}/{}", decision.workload.r#type, decision.address())
}

/// What a decision lists beside the answer.
fn listed(decision: &DecisionReport) -> Include {
    let admitted_by = decision.placements.iter().any(|placed| placed.admitted_by.is_some());
    Include::NOTHING.candidates(decision.candidates.is_some()).admitted_by(admitted_by)
}

/// A decision alone; where it is not that one, it may be one of all in their order.
fn decision(workspace: &Workspace, claimed: DecisionReport, claim: &Value) -> Result<Value, LookupError> {
    let include = listed(&claimed);
    let id = workspace.find_deployment(&address(&claimed))?;
    let partial = claimed.verdict == crate::placement::Verdict::Partial;
    let options = PlaceOptions { partial, optimize: 0 };
    let alone = workspace.place_as(id, options)?;
    let by_itself = |report: DecisionReport| {
        value(&if claimed.fingerprints.is_some() { report.by_itself(workspace) } else { report })
    };
    let alone = by_itself(DecisionReport::new(workspace, &alone, include.remedies(Remedied::Alone))?);
    if alone == *claim {
        return Ok(alone);
    }
    // Of those before it, some may have been placed in part, whatever became of this one.
    for partial in [partial, !partial] {
        let all = workspace.place_all_as(PlaceOptions { partial, optimize: 0 });
        let report = PlacementReport::new(workspace, &all, include.remedies(Remedied::InOrder))?;
        let in_order = report.deployments.into_iter().find(|found| address(found) == address(&claimed));
        if let Some(found) = in_order.map(by_itself).filter(|found| found == claim) {
            return Ok(found);
        }
    }
    Ok(alone)
}

fn placement(workspace: &Workspace, claimed: &PlacementReport) -> Result<Value, LookupError> {
    let made = &claimed.made;
    let options = PlaceOptions { partial: made.partial, optimize: made.optimize };
    let include = Include::NOTHING
        .candidates(made.candidates)
        .admitted_by(made.admitted_by)
        .quarantined(claimed.quarantined.is_some())
        .remedies(if made.alone { Remedied::Alone } else { Remedied::InOrder });
    let outcomes: Vec<Outcome> = if made.alone {
        let one = |one: &DecisionReport| workspace.place_as(address(one).as_str(), options);
        claimed.deployments.iter().map(one).collect::<Result<_, _>>()?
    } else {
        workspace.place_all_as(options)
    };
    let mut found = PlacementReport::new(workspace, &outcomes, include)?.made(options, made.alone);
    if made.moves {
        found = found.planned(workspace, &outcomes, claimed.plan.as_ref().and_then(|plan| plan.within_hours));
    }
    Ok(value(&found))
}

fn explanation(workspace: &Workspace, claimed: &ExplanationReport) -> Result<Value, LookupError> {
    let outcome = workspace.place(claimed.deployment.as_str())?;
    let cluster = claimed.cluster.as_deref();
    let cluster = cluster.map(|name| ClusterExplanation::new(workspace, outcome.deployment, name)).transpose()?;
    let include = Include::NOTHING.quarantined(claimed.quarantined.is_some()).remedies(Remedied::Alone);
    Ok(value(&ExplanationReport::new(workspace, &outcome, cluster, include)?))
}

fn drilled(workspace: &Workspace, claimed: &DrillReport) -> Result<Value, LookupError> {
    let lost = claimed.lose.iter().map(|text| Loss::named(workspace, text)).collect::<Result<Vec<_>, _>>()?;
    Ok(value(&DrillReport::new(workspace, &drill(workspace, &lost))))
}

fn remaining(workspace: &Workspace, claimed: &OptionsReport) -> Result<Value, LookupError> {
    let given: Vec<String> = claimed.given.iter().map(|choice| format!("{}:{}", choice.r#type, choice.name)).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let question = Question::named(workspace, Some(&claimed.environment), Some(&claimed.workload_type), &given)?;
    let found = options(workspace, question.environment, question.resource_type, &question.given);
    let lists = [&claimed.locations, &claimed.flavors, &claimed.providers, &claimed.capacity];
    let further = lists.into_iter().flatten().any(|option| option.leaves.is_some());
    let include = Include::NOTHING.further(further).quarantined(claimed.quarantined.is_some());
    Ok(value(&OptionsReport::new(workspace, &question, &found, include)))
}

fn described(
    workspace: &Workspace,
    evidence: &Evidence,
    claimed: &DescriptionReport,
) -> Result<Result<Value, String>, VerifyError> {
    let found = &claimed.deployment;
    let address = format!("{}/{}/{}", found.workload.r#type, found.workload.name, found.name);
    let Some(name) = &claimed.after else {
        let described = match &found.id {
            Some(id) => live(workspace, found, id),
            None => describe(workspace, address.as_str()).map_err(|error| error.to_string()),
        };
        return Ok(described.map(|found| value(&DescriptionReport::new(workspace, found))));
    };
    let scenario = evidence.scenarios.iter().find(|scenario| scenario.metadata.name.as_str() == name);
    let missing = || VerifyError::Without { kind: "description", missing: format!("scenario `{name}`") };
    let scenario = scenario.ok_or_else(missing)?;
    let after = simulate(workspace, scenario)
        .map_err(in_words)
        .and_then(|(_, scene)| live(&scene, found, found.id.as_deref().unwrap_or_default()));
    Ok(after.map(|found| value(&DescriptionReport::new(workspace, found).after(name))))
}

/// A deployment that lives, by its id.
fn live(workspace: &Workspace, claimed: &Description, id: &str) -> Result<Description, String> {
    let named = &claimed.workload;
    let workload = workspace.find_workload(&named.r#type, &named.name).map_err(|error| error.to_string())?;
    let number = workspace.life(&workload).and_then(|journal| journal.state().find(id));
    let found = number.and_then(|number| describe_live(workspace, &workload, number));
    found.ok_or_else(|| format!("no live deployment of `{}` has the id `{id}`", named.name))
}

fn tested(workspace: &Workspace, evidence: &Evidence) -> Result<Result<Value, String>, VerifyError> {
    if evidence.tests.is_empty() {
        return Err(VerifyError::Without { kind: "report of policy tests", missing: "policy tests".to_owned() });
    }
    let results = test_policies(workspace, &evidence.tests);
    Ok(results.map(|results| value(&PolicyTestsReport::new(workspace, &results))).map_err(in_words))
}

fn simulated(workspace: &Workspace, evidence: &Evidence) -> Result<Result<Value, String>, VerifyError> {
    if evidence.scenarios.is_empty() {
        return Err(VerifyError::Without { kind: "report of scenarios", missing: "scenarios".to_owned() });
    }
    let ran = evidence.scenarios.iter().map(|scenario| Ok(simulate(workspace, scenario)?.0));
    let ran: Result<Vec<_>, LoadError> = ran.collect();
    Ok(ran.map(|reports| value(&SimulationReport::new(workspace, &reports))).map_err(in_words))
}

fn in_words(error: LoadError) -> String {
    error.to_string()
}
