"""The parts that methods are built of: the base class, CLIP's towers, layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.lazy import hand_on

if TYPE_CHECKING:
    from harness.models.backbone import Backbone as Backbone
    from harness.models.batch import Batch as Batch
    from harness.models.batch import Outputs as Outputs
    from harness.models.batch import TrainingClips as TrainingClips
    from harness.models.blocks import SelfAttention as SelfAttention
    from harness.models.clustering import ec_stfl as ec_stfl
    from harness.models.common_recipes import CLIP_224 as CLIP_224
    from harness.models.common_recipes import DEMO_48 as DEMO_48
    from harness.models.common_recipes import SCRATCH_112 as SCRATCH_112
    from harness.models.common_recipes import at_equal_cost as at_equal_cost
    from harness.models.common_recipes import pretrained_112 as pretrained_112
    from harness.models.dynamic_static import DynamicStatic as DynamicStatic
    from harness.models.dynamic_static import TwinStem as TwinStem
    from harness.models.dynamic_static import steps_transformer as steps_transformer
    from harness.models.method import Method as Method
    from harness.models.method import Task as Task
    from harness.models.method import cosine_logits as cosine_logits
    from harness.models.method import evaluation as evaluation
    from harness.models.method import own_parameters as own_parameters
    from harness.models.network import NetworkMethod as NetworkMethod
    from harness.models.network import scaled as scaled
    from harness.models.network import whole_stage as whole_stage
    from harness.models.network_options import NetworkOptions as NetworkOptions
    from harness.models.prenorm import PreNorm as PreNorm
    from harness.models.prenorm import prenorm_attention as prenorm_attention
    from harness.models.sequence import ClassTokenTransformer as ClassTokenTransformer
    from harness.models.sequence import Recurrent as Recurrent
    from harness.models.sequence import eight_heads as eight_heads
    from harness.models.text_tower import TextFeatures as TextFeatures
    from harness.models.text_tower import TextTower as TextTower
    from harness.models.text_tower import encode_in_chunks as encode_in_chunks
    from harness.models.text_tower import word_embeddings as word_embeddings
    from harness.models.trunk import ResNetTrunk as ResNetTrunk
    from harness.models.trunk import basic_block as basic_block
    from harness.models.trunk import map_side as map_side
    from harness.models.trunk import resnet_trunk as resnet_trunk
    from harness.models.trunk import start_as_resnet as start_as_resnet
    from harness.models.video_resnet import VideoTrunk as VideoTrunk
    from harness.models.video_resnet import video_trunk as video_trunk
    from harness.models.visual_tower import VisualTower as VisualTower

HOMES = {
    "Backbone": "harness.models.backbone",
    "Batch": "harness.models.batch",
    "CLIP_224": "harness.models.common_recipes",
    "ClassTokenTransformer": "harness.models.sequence",
    "DEMO_48": "harness.models.common_recipes",
    "DynamicStatic": "harness.models.dynamic_static",
    "Method": "harness.models.method",
    "NetworkMethod": "harness.models.network",
    "NetworkOptions": "harness.models.network_options",
    "Outputs": "harness.models.batch",
    "PreNorm": "harness.models.prenorm",
    "Recurrent": "harness.models.sequence",
    "ResNetTrunk": "harness.models.trunk",
    "SCRATCH_112": "harness.models.common_recipes",
    "SelfAttention": "harness.models.blocks",
    "Task": "harness.models.method",
    "TextFeatures": "harness.models.text_tower",
    "TextTower": "harness.models.text_tower",
    "TrainingClips": "harness.models.batch",
    "TwinStem": "harness.models.dynamic_static",
    "VideoTrunk": "harness.models.video_resnet",
    "VisualTower": "harness.models.visual_tower",
    "at_equal_cost": "harness.models.common_recipes",
    "basic_block": "harness.models.trunk",
    "cosine_logits": "harness.models.method",
    "ec_stfl": "harness.models.clustering",
    "eight_heads": "harness.models.sequence",
    "encode_in_chunks": "harness.models.text_tower",
    "evaluation": "harness.models.method",
    "map_side": "harness.models.trunk",
    "own_parameters": "harness.models.method",
    "prenorm_attention": "harness.models.prenorm",
    "pretrained_112": "harness.models.common_recipes",
    "resnet_trunk": "harness.models.trunk",
    "scaled": "harness.models.network",
    "start_as_resnet": "harness.models.trunk",
    "steps_transformer": "harness.models.dynamic_static",
    "video_trunk": "harness.models.video_resnet",
    "whole_stage": "harness.models.network",
    "word_embeddings": "harness.models.text_tower",
}
__all__ = list(HOMES)
__getattr__ = hand_on(__name__, HOMES)
