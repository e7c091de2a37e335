"""All checks, in the order in which they are made."""

from __future__ import annotations

from harness.conformance import checks_form as form
from harness.conformance import checks_keeping as keeping
from harness.conformance import checks_logits as logits
from harness.conformance import checks_training as training
from harness.conformance.check import Check
from harness.conformance.report import LOAD

CHECKS = (
    Check("settle", "its defaults, `demo`, `small`, recipes and `by_dataset` are options that it has", form.settles),
    Check("build", "it builds for 7 and for 11 classes", form.builds),
    Check("seed", "built twice with one seed it is the same, bit for bit", form.builds_equal),
    Check("encoder", "what feeds it works, and `features` and `prepares` of its spec say so", form.encoder_agrees),
    Check("prepare", "`prepare` runs, and keeps the modules that the constructor made", form.prepares_well),
    Check("shapes", "clips give logits (B, C), for 7 and for 11 classes", logits.shapes),
    Check("fit", "it trains: prefixes name parameters, and the loss is one finite number", training.trains, True),
    Check("finite", "its logits are finite, of a black clip too", logits.finite),
    Check("logits", "its logits are no probabilities", logits.no_probabilities),
    Check("deterministic", "predicted again, the same clips give the same logits", logits.deterministic),
    Check("alone", "a clip gives the same logits alone and in a batch", logits.alone),
    Check("declared", "a stage moves nothing but the parameters that it declares", training.only_declared_moves, True),
    Check("gradients", "each parameter that a stage declares gets a gradient", training.gradients, True),
    Check("learns", "a few steps on one batch lower its loss, in every stage", training.learns, True),
    Check("backbone", "the backbone that all jobs share stays as it was loaded", training.backbone_stays),
    Check("single", "a batch of one clip can be trained on", training.single, True),
    Check("resume", "stopped and resumed it ends as an unbroken training does, bit for bit", training.resumes, True),
    Check("again", "the second job of a process ends as the first did, bit for bit", training.again),
    Check("weights", "built again from its stored weights it predicts the same, bit for bit", keeping.weights_hold),
    Check("cost", "its multiply-adds can be counted", keeping.counts),
    Check("worker", "its job can be sent to another process, which finds the same method", keeping.goes_to_a_worker),
    Check("process", "seeds, threads and other settings of the process are left alone", keeping.process_stays),
    Check("order", "whether it sees the order of frames: said, and no failure", logits.order_of_frames),
)
MEANINGS = {
    LOAD: "the plugin is imported, and each of its hooks is known",
    **{check.name: check.meaning for check in CHECKS},
}
