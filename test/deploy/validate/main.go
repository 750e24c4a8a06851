// Reads the files of deploy/ as the programs that they are for read them: Kubernetes' own types, strictly; Compose's own
// loader; BuildKit's own parser of Dockerfiles.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kind, path string) error {
	switch kind {
	case "kubernetes":
		return kubernetes(path)
	case "compose":
		return compose(path)
	case "dockerfile":
		return dockerfile(path)
	}
	return fmt.Errorf("unknown kind %q", kind)
}

// kubernetes builds a kustomization and decodes each object; a field that its type does not have is an error.
func kubernetes(dir string) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return err
	}
	types := map[string]func() any{
		"Namespace":           func() any { return &corev1.Namespace{} },
		"ConfigMap":           func() any { return &corev1.ConfigMap{} },
		"Service":             func() any { return &corev1.Service{} },
		"StatefulSet":         func() any { return &appsv1.StatefulSet{} },
		"Deployment":          func() any { return &appsv1.Deployment{} },
		"PodDisruptionBudget": func() any { return &policyv1.PodDisruptionBudget{} },
		"NetworkPolicy":       func() any { return &networkingv1.NetworkPolicy{} },
	}
	var pods []map[string]string
	selectors := map[string]map[string]string{}
	for _, resource := range built.Resources() {
		make, known := types[resource.GetKind()]
		if !known {
			return fmt.Errorf("no type for %s", resource.GetKind())
		}
		text, err := resource.AsYAML()
		if err != nil {
			return err
		}
		object := make()
		if err := yaml.UnmarshalStrict(text, object); err != nil {
			return fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		name := resource.GetKind() + " " + resource.GetName()
		switch object := object.(type) {
		case *appsv1.StatefulSet:
			pods = append(pods, object.Spec.Template.Labels)
			selectors[name] = object.Spec.Selector.MatchLabels
		case *appsv1.Deployment:
			pods = append(pods, object.Spec.Template.Labels)
			selectors[name] = object.Spec.Selector.MatchLabels
		case *corev1.Service:
			selectors[name] = object.Spec.Selector
		case *policyv1.PodDisruptionBudget:
			selectors[name] = object.Spec.Selector.MatchLabels
		case *networkingv1.NetworkPolicy:
			selectors[name] = object.Spec.PodSelector.MatchLabels
		}
		fmt.Println(name)
	}
	for name, selector := range selectors {
		if err := selectsSome(selector, pods); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// selectsSome tells whether a selector means the Pods of one of these sets of labels, and not whatever else is in the namespace.
func selectsSome(selector map[string]string, pods []map[string]string) error {
	if len(selector) == 0 {
		return errors.New("an empty selector means every Pod of the namespace")
	}
	for _, labels := range pods {
		if selects(selector, labels) {
			return nil
		}
	}
	return fmt.Errorf("its selector %v means no Pods of these manifests", selector)
}

func selects(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return true
}

// compose loads a file with every profile on; the loader checks it by the schema.
func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for name := range project.Services {
		fmt.Println("service", name)
	}
	return nil
}

// dockerfile parses every instruction, and prints the stages.
func dockerfile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return err
	}
	for _, warning := range parsed.Warnings {
		return fmt.Errorf("%s: %s", file, warning.Short)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return err
	}
	for _, stage := range stages {
		fmt.Println("stage", stage.Name, stage.BaseName)
	}
	return nil
}
