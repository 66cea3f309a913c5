// One long-lived judge: a line of JSON in, {id, result} or {id, error} out. argv[2]: where node_modules is.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation, runUnsafeSimulation } = createRequire(process.argv[2] + '/')('@cloud-copilot/iam-simulate')

async function judge(simulation) {
  // The unchecked door takes any condition key, but no resource policy and no session policy.
  if (!simulation.resourcePolicy) return runUnsafeSimulation(simulation, {})
  const found = await runSimulation(simulation, { simulationMode: 'Strict' })
  if (found.resultType === 'error') throw new Error(JSON.stringify(found.errors))
  return found.overallResult
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, simulation } = JSON.parse(line)
  try {
    process.stdout.write(JSON.stringify({ id, result: await judge(simulation) }) + '\n')
  } catch (error) {
    process.stdout.write(JSON.stringify({ id, error: String(error.message ?? error) }) + '\n')
  }
}
