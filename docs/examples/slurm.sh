#!/usr/bin/env bash
# Two nodes of eight GPUs under Slurm. Untested: written after Ray's and Slurm's manuals, never run on such a cluster.
#SBATCH --job-name=dfer-harness
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail
source .venv/bin/activate
export HARNESS_CACHE=$PWD/cache HARNESS_DATA_ROOT=/data # shared folders

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=6379
srun --nodes=1 --ntasks=1 --nodelist="$head" ray start --head --port=$port --block &
sleep 20
srun --nodes=$((SLURM_JOB_NUM_NODES - 1)) --ntasks=$((SLURM_JOB_NUM_NODES - 1)) --exclude="$head" \
  ray start --address="$head:$port" --block &
sleep 20

# SIGTERM comes a minute before the end: jobs save where they stand, and the script, queued again, goes on from there.
harness bench bench.toml --address "$head:$port" --out runs &
driver=$!
trap 'kill -TERM $driver; wait $driver || true; scontrol requeue "$SLURM_JOB_ID"; exit' TERM
wait $driver
