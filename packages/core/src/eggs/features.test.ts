import { describe, expect, test } from 'vitest'
import { featuresOf, matchFeature } from './features.ts'
import { javaImagesFor } from './java-images.ts'

const ALL = ['eula', 'java_version', 'gsl_token', 'pid_limit', 'steam_disk_space', 'unheard_of']

describe('matchFeature', () => {
  test.each([
    ['[12:00:00 INFO]: You need to agree to the EULA in order to run the server. Go to eula.txt', 'eula'],
    ['Exception in thread "main" java.lang.UnsupportedClassVersionError: org/bukkit/Main', 'java_version'],
    ['Minecraft 1.17 requires running the server with Java 16 or above', 'java_version'],
    ['Minecraft 1.21.4 requires running the server with Java 21 or above', 'java_version'],
    ['Could not establish connection to Steam servers. (GSL token expired)', 'gsl_token'],
    ['java.lang.OutOfMemoryError: unable to create native thread', 'pid_limit'],
    ['\u001b[31mError! App state is \u001b[0m0x202 after update job.', 'steam_disk_space'],
  ])('%s', (line, feature) => {
    expect(matchFeature(ALL, line)).toEqual({ feature })
    expect(matchFeature({ features: ALL }, line)).toEqual({ feature })
    expect(matchFeature([], line)).toBeNull()
    expect(matchFeature({ features: ALL.filter((name) => name !== feature) }, line)).toBeNull()
  })

  test('leaves other lines alone', () => {
    expect(matchFeature(ALL, 'Done (3.2s)! For help, type "help"')).toBeNull()
    expect(matchFeature(['constructor', 'unheard_of'], 'unheard_of')).toBeNull()
  })
})

test('featuresOf names whatever the egg names, once', () => {
  expect(featuresOf({ features: ['eula', 'zoo', 'eula'] })).toEqual(['eula', 'zoo'])
})

describe('javaImagesFor', () => {
  const images = [21, 8, 17, 11].map((version) => ({
    label: `Java ${version}`,
    value: `hatchery/java:java_${version}`,
  }))
  const versionsFor = (line: string) =>
    javaImagesFor(line, [...images, { label: 'Debian', value: 'debian:12' }]).map(({ label }) => label)

  test('the nearest version that can run the class comes first', () => {
    const line =
      'Main has been compiled by a more recent version of the Java Runtime (class file version 61.0), this version of the Java Runtime only recognizes class file versions up to 52.0'
    expect(versionsFor(line)).toEqual(['Java 17', 'Java 21'])
    expect(versionsFor('Unsupported major.minor version 52.0')).toEqual(['Java 8', 'Java 11', 'Java 17', 'Java 21'])
  })

  test('a version that the line names counts', () => {
    expect(versionsFor('Minecraft 1.18 requires running the server with Java 17 or above')).toEqual([
      'Java 17',
      'Java 21',
    ])
  })

  test('without a version the newest comes first', () => {
    expect(versionsFor('java.lang.UnsupportedClassVersionError')).toEqual(['Java 21', 'Java 17', 'Java 11', 'Java 8'])
  })
})
