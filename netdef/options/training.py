"""How to train: the recipe, and what holds instead of it; the division of a batch; the run's folder."""

import argparse
from pathlib import Path

from netdef.compiler.request import UsageError
from netdef.compiler.solver_state import is_solver_state
from netdef.options.data import data_request
from netdef.options.hardware import hardware_request
from netdef.options.net import net_request
from netdef.options.output import output_argument
from netdef.options.values import count, devices, epochs, index, positive, seed
from netdef.runtime.requests import DivisionRequest, RecipeRequest, TrainRequest, Trial

SWITCH = argparse.BooleanOptionalAction


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where a training begins, and what it leaves."""
    parser.add_argument("--weights", metavar="W", help="weights to start from: a file, or a run's folder")
    output_argument(parser, "the run's folder; runs/NAME if not given", metavar="RUN")
    parser.add_argument(
        "--resume",
        nargs="?",
        const=True,
        default=False,
        metavar="RUN",
        help="go on with a run, or the net's newest; another --lr, --epochs or --max-iter holds from there on",
    )
    parser.add_argument("--snapshot", metavar="STATE", help=argparse.SUPPRESS)  # Caffe's, whose users type it
    parser.add_argument(
        "--keep", type=count, metavar="K", help="checkpoints to keep, beside the best weights; 2 if not given"
    )
    parser.add_argument("--tensorboard", action=SWITCH, help="write the metrics for TensorBoard, too")
    trial = parser.add_mutually_exclusive_group()
    dry = "two iterations, then memory and time; writes nothing"
    trial.add_argument("--dry-run", dest="trial", action="store_const", const=Trial.DRY_RUN, help=dry)
    heart = "train on the first batch until it is known by heart; writes nothing"
    trial.add_argument("--overfit-one-batch", dest="trial", action="store_const", const=Trial.ONE_BATCH, help=heart)


def recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what holds instead of what a recipe says."""
    group = parser.add_argument_group("instead of the recipe's")
    group.add_argument("--epochs", type=epochs, metavar="X", help="passes over the training data")
    group.add_argument("--max-iter", type=index, metavar="N", help="iterations in all, instead of epochs; 0 only tests")
    group.add_argument("--batch", type=count, metavar="N", help="images in an iteration, over all devices")
    group.add_argument("--lr", type=positive, metavar="X", help="first learning rate")
    group.add_argument("--seed", type=seed, metavar="N", help="seed")


def division_arguments(parser: argparse.ArgumentParser) -> None:
    """Add over what a batch is divided."""
    group = parser.add_argument_group("devices")
    group.add_argument(
        "--devices", type=devices, metavar="N", help="train in N processes, each with its own GPU if any"
    )
    group.add_argument("--restarts", type=index, metavar="K", help="start all again, up to K times, if one breaks down")
    group.add_argument(
        "--passes", type=count, metavar="K", help="compute a device's part of a batch in K passes, to save memory"
    )
    synced = "take BatchNorm's mean and variance over all devices, not on each from its own part"
    group.add_argument("--sync-batchnorm", action=SWITCH, help=synced)
    group.add_argument("--shard", action=SWITCH, help="divide the weights over the devices, too (FSDP2)")


def _named(args: argparse.Namespace) -> tuple[str | None, str | None]:
    """The net's file and the run's folder: what stands behind --resume may be either."""
    named = args.resume if isinstance(args.resume, str) else None
    if named is None:
        return args.file, args.output
    if args.file is None and not is_solver_state(named) and not Path(named).is_dir():
        return named, args.output
    if args.output not in (None, named):
        raise UsageError(f"--resume {named} and -o {args.output} both name the run: keep one of them")
    return args.file, named


def train_request(args: argparse.Namespace) -> TrainRequest:
    """The training that the arguments ask for."""
    file, out = _named(args)
    return TrainRequest(
        net=net_request(args, file or ""),
        recipe=RecipeRequest(
            file=args.recipe,
            only=args.only,
            epochs=args.epochs,
            max_iter=args.max_iter,
            batch=args.batch,
            lr=args.lr,
            seed=args.seed,
        ),
        data=data_request(args),
        hardware=hardware_request(args),
        division=DivisionRequest(
            restarts=args.restarts, passes=args.passes, sync_batchnorm=args.sync_batchnorm, shard=args.shard
        ),
        weights=args.weights,
        out=out,
        resume=bool(args.resume),
        keep=args.keep,
        tensorboard=args.tensorboard,
        trial=args.trial,
    )
